package members

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/millrace-go/millrace/internal/assign"
	"github.com/millrace-go/millrace/internal/graph"
)

// View is what the topic says, as far as it was read.
type View struct {
	Members    map[string]Record // by the member's id
	Assignment assign.Assignment
	Seen       []string // the members that the assignment knows of

	leader  term          // the highest
	decided mark          // the assignment's
	marks   map[mark]bool // whose keys are in the topic
}

func newView() *View {
	return &View{Members: map[string]Record{}, marks: map[mark]bool{}}
}

func (v *View) clone() *View {
	c := *v
	c.Members, c.marks = maps.Clone(v.Members), maps.Clone(v.marks)
	return &c // assignments are never changed in place
}

// Knows says whether the assignment takes a member into account.
func (v *View) Knows(member string) bool { return slices.Contains(v.Seen, member) }

// apply takes in the next record of the topic.
func (v *View) apply(r *graph.Raw) error {
	key := string(r.Key)
	var err error
	if id, ok := strings.CutPrefix(key, memberKey); ok {
		err = v.announced(id, r.Value)
	} else if s, ok := strings.CutPrefix(key, assignmentKey); ok {
		var m mark
		if m, err = parseMark(s); err == nil {
			err = v.decide(m, r.Value)
		}
	} else {
		err = fmt.Errorf("unknown key %q", key)
	}
	if err != nil {
		return fmt.Errorf("offset %d does not decode: something else wrote to it, or an instance of a later version did: %w", r.Offset, err)
	}
	return nil
}

func (v *View) announced(id string, value []byte) error {
	if value == nil {
		delete(v.Members, id)
		return nil
	}
	m := Record{ID: id}
	if err := json.Unmarshal(value, &m); err != nil {
		return err
	}
	v.Members[id] = m
	return nil
}

func (v *View) decide(m mark, value []byte) error {
	if value == nil { // a leader has tidied up
		delete(v.marks, m)
		return nil
	}
	v.marks[m] = true
	if m.term.less(v.leader) {
		return nil
	}
	v.leader = m.term
	if m.version == 0 {
		return nil
	}
	var d decision
	if err := json.Unmarshal(value, &d); err != nil {
		return err
	}
	v.Assignment = assign.Assignment{Version: m.version, Grants: d.Grants, Standbys: d.Standbys}
	v.Seen, v.decided = d.Members, m
	return nil
}

// past lists the records that nobody needs any more: none while the leader has not decided.
func (v *View) past() []mark {
	if v.decided.term != v.leader {
		return nil
	}
	var list []mark
	for m := range v.marks {
		if m.term.less(v.leader) || m.term == v.leader && m.version > 0 && m.version < v.decided.version {
			list = append(list, m)
		}
	}
	return list
}
