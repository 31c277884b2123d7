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

	leader term
	terms  map[term]bool // whose keys are in the topic
}

func newView() *View {
	return &View{Members: map[string]Record{}, terms: map[term]bool{}}
}

func (v *View) clone() *View {
	c := *v
	c.Members, c.terms = maps.Clone(v.Members), maps.Clone(v.terms)
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
		var t term
		if t, err = parseTerm(s); err == nil {
			err = v.decided(t, r.Value)
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

func (v *View) decided(t term, value []byte) error {
	if value == nil { // the leader of a higher term has cleaned up
		delete(v.terms, t)
		return nil
	}
	v.terms[t] = true
	if t.less(v.leader) {
		return nil
	}
	v.leader = t
	var d decision
	if err := json.Unmarshal(value, &d); err != nil {
		return err
	}
	if d.Version > 0 {
		v.Assignment = assign.Assignment{Version: d.Version, Grants: d.Grants, Standbys: d.Standbys}
		v.Seen = d.Members
	}
	return nil
}

// past lists the terms whose keys can go.
func (v *View) past() []term {
	var list []term
	for t := range v.terms {
		if t.less(v.leader) {
			list = append(list, t)
		}
	}
	slices.SortFunc(list, func(a, b term) int {
		if a.less(b) {
			return -1
		}
		return 1
	})
	return list
}
