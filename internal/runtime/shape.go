package runtime

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/millrace-go/millrace/internal/engine"
)

// shape is what the instances of an application must agree on: how the work is cut into tasks, and what their stores
// are. What the operators in between do may differ, so that a fix can be rolled out one instance at a time.
type shape struct {
	Subs []subShape `json:"subtopologies"`
}

type subShape struct {
	Sources string   `json:"sources"`
	Tasks   int32    `json:"tasks"`
	Stores  []string `json:"stores,omitempty"`
	Writes  []string `json:"writes,omitempty"` // internal topics
}

func shapeOf(p *engine.Plan) shape {
	var s shape
	for _, sub := range p.Subs {
		x := subShape{Sources: sub.Key(), Tasks: sub.Tasks(p.Counts)}
		for _, st := range sub.Stores {
			x.Stores = append(x.Stores, st.Kind+" "+st.Name)
		}
		for _, n := range sub.Nodes {
			if t := n.Topic; t != nil && slices.Contains(t.Writers, n) && t.Role != 0 && !slices.Contains(x.Writes, t.FullName("")) {
				x.Writes = append(x.Writes, t.FullName(""))
			}
		}
		slices.Sort(x.Stores)
		slices.Sort(x.Writes)
		s.Subs = append(s.Subs, x)
	}
	slices.SortFunc(s.Subs, func(a, b subShape) int { return strings.Compare(a.Sources, b.Sources) })
	return s
}

// fingerprint is short enough for a client id.
func (s shape) fingerprint() string {
	b, _ := json.Marshal(s) //nolint:errchkjson // strings and numbers always encode
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:5])
}

// differs says in words how s is not like o; "" if it is.
func (s shape) differs(o shape) string {
	mine, theirs := s.bySources(), o.bySources()
	var diff []string
	for _, x := range s.Subs {
		y, ok := theirs[x.Sources]
		if !ok {
			diff = append(diff, fmt.Sprintf("this one reads %s in a sub-topology that the other does not have", x.Sources))
			continue
		}
		if x.Tasks != y.Tasks {
			diff = append(diff, fmt.Sprintf("the sub-topology of %s has %d tasks here and %d there", x.Sources, x.Tasks, y.Tasks))
		}
		if !slices.Equal(x.Stores, y.Stores) {
			diff = append(diff, fmt.Sprintf("the sub-topology of %s has stores [%s] here and [%s] there",
				x.Sources, strings.Join(x.Stores, ", "), strings.Join(y.Stores, ", ")))
		}
		if !slices.Equal(x.Writes, y.Writes) {
			diff = append(diff, fmt.Sprintf("the sub-topology of %s writes to [%s] here and [%s] there",
				x.Sources, strings.Join(x.Writes, ", "), strings.Join(y.Writes, ", ")))
		}
	}
	for _, y := range o.Subs {
		if _, ok := mine[y.Sources]; !ok {
			diff = append(diff, fmt.Sprintf("the other reads %s in a sub-topology that this one does not have", y.Sources))
		}
	}
	return strings.Join(diff, "; ")
}

func (s shape) bySources() map[string]subShape {
	m := map[string]subShape{}
	for _, x := range s.Subs {
		m[x.Sources] = x
	}
	return m
}
