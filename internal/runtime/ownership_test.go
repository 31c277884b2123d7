package runtime

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/transport"
)

// anyMember has a generation always.
type anyMember struct{ transport.Member }

func (anyMember) Generation() (transport.Generation, error) { return "current", nil }

// TestOwnership: work on a task that was taken and given back meanwhile is never blessed with the fresh generation.
func TestOwnership(t *testing.T) {
	t.Parallel()
	o := newOwnership()
	if _, known := o.snapshot(); known {
		t.Error("the group is said to have spoken")
	}
	o.change([]int32{0, 1}, nil)
	held, known := o.snapshot()
	a, b := &task{slot: 0, stamp: held[0]}, &task{slot: 1, stamp: held[1]}
	if g, err := o.generation(anyMember{}, []*task{a, b}); !known || err != nil || g != "current" {
		t.Errorf("generation is %v, %v", g, err)
	}
	version := o.current()
	o.change(nil, []int32{1})
	o.change([]int32{1}, nil)
	if o.current() == version {
		t.Error("the change went unnoticed")
	}
	if !o.holds(0, a.stamp) || o.holds(1, b.stamp) {
		t.Errorf("holds: 0 %v, 1 %v", o.holds(0, a.stamp), o.holds(1, b.stamp))
	}
	if _, err := o.generation(anyMember{}, []*task{a, b}); !errors.Is(err, transport.ErrMembership) {
		t.Errorf("the work of a past generation: %v", err)
	}
	if diff := cmp.Diff([]int32{1}, slots(o.lost([]*task{a, b}))); diff != "" {
		t.Errorf("lost (-want +got):\n%s", diff)
	}
	held, _ = o.snapshot()
	if _, err := o.generation(anyMember{}, []*task{a, {slot: 1, stamp: held[1]}}); err != nil {
		t.Errorf("opened again: %v", err)
	}
}

func slots(tasks []*task) []int32 {
	var list []int32
	for _, t := range tasks {
		list = append(list, t.slot)
	}
	return list
}
