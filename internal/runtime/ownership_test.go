package runtime

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/assign"
	"github.com/millrace-go/millrace/internal/members"
	"github.com/millrace-go/millrace/internal/transport"
)

// anyMember has a generation always.
type anyMember struct {
	transport.Member
	id string
}

func (m anyMember) Generation() (transport.Generation, error) { return m, nil }
func (m anyMember) MemberID() string                          { return m.id }

// grant makes the next assignment: the member owns these tasks and no others.
func (o *ownership) grant(member string, slots ...int32) {
	o.identify(member)
	_, version, _ := o.acknowledged()
	a := assign.Assignment{Version: version + 1, Grants: map[int32]assign.Grant{}}
	for _, s := range slots {
		a.Grants[s] = assign.Grant{Member: member, Instance: "i"}
	}
	o.obey("i", &members.View{Assignment: a, Seen: []string{member}})
}

// TestOwnership: work on a task that was taken and given back meanwhile is never blessed with the fresh generation, nor is any
// once the member is another one.
func TestOwnership(t *testing.T) {
	t.Parallel()
	o, m := newOwnership(), anyMember{id: "m"}
	if _, known := o.snapshot(); known {
		t.Error("the leader is said to have spoken")
	}
	o.grant("m", 0, 1)
	held, known := o.snapshot()
	a, b := &task{slot: 0, stamp: held[0]}, &task{slot: 1, stamp: held[1]}
	if g, err := o.generation(m, []*task{a, b}); !known || err != nil || g != m {
		t.Errorf("generation is %v, %v", g, err)
	}
	version := o.current()
	o.grant("m", 0)
	o.grant("m", 0, 1)
	if o.current() == version {
		t.Error("the change went unnoticed")
	}
	if !o.holds(0, a.stamp) || o.holds(1, b.stamp) {
		t.Errorf("holds: 0 %v, 1 %v", o.holds(0, a.stamp), o.holds(1, b.stamp))
	}
	if _, err := o.generation(m, []*task{a, b}); !errors.Is(err, transport.ErrMembership) {
		t.Errorf("the work of a past grant: %v", err)
	}
	if diff := cmp.Diff([]int32{1}, slots(o.lost([]*task{a, b}))); diff != "" {
		t.Errorf("lost (-want +got):\n%s", diff)
	}
	held, _ = o.snapshot()
	again := []*task{a, {slot: 1, stamp: held[1]}}
	if _, err := o.generation(m, again); err != nil {
		t.Errorf("opened again: %v", err)
	}
	if _, err := o.generation(anyMember{id: "n"}, again); !errors.Is(err, transport.ErrMembership) {
		t.Errorf("the work of a member that was expelled: %v", err)
	}
	if held, known := o.snapshot(); len(held) > 0 || known {
		t.Errorf("a new member holds %v; known %v", held, known)
	}
}

func slots(tasks []*task) []int32 {
	var list []int32
	for _, t := range tasks {
		list = append(list, t.slot)
	}
	return list
}

// TestTakenForGone: an instance that the leader does not know of any more owns nothing, whatever it was given before.
func TestTakenForGone(t *testing.T) {
	t.Parallel()
	o := newOwnership()
	o.grant("m", 0)
	o.obey("i", &members.View{Assignment: assign.Assignment{Version: 9, Grants: map[int32]assign.Grant{0: {Member: "n"}}}, Seen: []string{"n"}})
	if held, known := o.snapshot(); len(held) > 0 || known {
		t.Errorf("it holds %v; known %v", held, known)
	}
}

func TestCoarse(t *testing.T) {
	t.Parallel()
	got := coarse(map[int32]int64{0: 0, 1: assign.AcceptableLag, 2: assign.AcceptableLag + 1, 3: 1 << 20})
	if diff := cmp.Diff(map[int32]int64{0: 0, 1: 0, 2: 1 << 14, 3: 1 << 21}, got); diff != "" {
		t.Errorf("lags (-want +got):\n%s", diff)
	}
}
