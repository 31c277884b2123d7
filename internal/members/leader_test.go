package members

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/assign"
)

var twoTasks = []assign.Task{{Slot: 0}, {Slot: 1}}

// TestHandOver: a task goes to the next member once the one before says that it has let go, not earlier.
func TestHandOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &cluster{}
		one, two := newInstance(t, c, twoTasks...), newInstance(t, c, twoTasks...)
		c.join("a", "one")
		one.announce(t, "a", "one")
		one.lead(t, "a")
		time.Sleep(time.Second)
		one.announce(t, "a", "one")
		wantGranted(t, "alone", two, map[int32]string{0: "a", 1: "a"})
		c.join("b", "two")
		two.announce(t, "b", "two")
		time.Sleep(time.Minute)
		moved := two.granted()
		if (moved[0] == "a") == (moved[1] == "a") || moved[0] == "b" || moved[1] == "b" {
			t.Fatalf("before a has let go: %v", moved)
		}
		one.announce(t, "a", "one")
		time.Sleep(time.Second)
		for slot, m := range moved {
			if m == "" {
				moved[slot] = "b"
			}
		}
		wantGranted(t, "after a has let go", two, moved)
	})
}

// TestExpelled: a member that is off the coordinator's list loses its tasks, and its transactions are ended, once.
func TestExpelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &cluster{}
		one, two := newInstance(t, c, twoTasks...), newInstance(t, c, twoTasks...)
		for id, i := range map[string]*instance{"a": one, "b": two} {
			c.join(id, "instance of "+id)
			i.announce(t, id, "instance of "+id)
		}
		two.lead(t, "b")
		time.Sleep(time.Second)
		if got := one.granted(); got[0] == got[1] {
			t.Fatalf("not shared out: %v", got)
		}
		c.leave("a")
		time.Sleep(5 * time.Second)
		wantGranted(t, "after a was expelled", two, map[int32]string{0: "b", 1: "b"})
		if r := <-two.ended; r.ID != "a" || r.Workers != 2 || len(two.ended) > 0 {
			t.Errorf("ended %+v and %d more", r, len(two.ended))
		}
		if v, _ := two.View(); len(v.Members) != 1 {
			t.Errorf("what it said is still there: %v", v.Members)
		}
	})
}

// TestOverruled: where two lead, the one of the higher term does; the other ends, and what it wrote is as if it were not.
func TestOverruled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &cluster{}
		one, two := newInstance(t, c, twoTasks...), newInstance(t, c, twoTasks...)
		c.join("a", "one")
		one.announce(t, "a", "one")
		done := one.lead(t, "a")
		time.Sleep(time.Second)
		two.lead(t, "b")
		time.Sleep(time.Second)
		if err := <-done; !errors.Is(err, errOverruled) {
			t.Errorf("the former leader ended with %v", err)
		}
		before, _ := two.View()
		late := decision{Grants: map[int32]assign.Grant{0: {Member: "z"}}}
		if err := one.write(t.Context(), mark{term{1, "a"}, 99}.key(), late); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		after, _ := one.View()
		if diff := cmp.Diff(before.Assignment, after.Assignment); diff != "" {
			t.Errorf("what a former leader wrote changed the assignment (-before +after):\n%s", diff)
		}
		if v, _ := newInstance(t, c, twoTasks...).View(); v.Knows("a") {
			t.Error("an instance knows of others before it has read the topic")
		}
	})
}

// TestFarewell: a leader that leaves decides what follows from that, and ends.
func TestFarewell(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &cluster{}
		one, two := newInstance(t, c, twoTasks...), newInstance(t, c, twoTasks...)
		for id, i := range map[string]*instance{"a": one, "b": two} {
			c.join(id, "instance of "+id)
			i.announce(t, id, "instance of "+id)
		}
		done := one.lead(t, "a")
		time.Sleep(time.Second)
		if err := one.Announce(t.Context(), Record{ID: "a", Instance: "instance of a", Acked: Gone, Leaving: true}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		wantGranted(t, "after a left", two, map[int32]string{0: "b", 1: "b"})
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("the leader ended with %v", err)
			}
		default:
			t.Error("the leader still leads")
		}
	})
}

// TestQuiet: where nothing happens nothing is written, and the coordinator is not asked more than it must be.
func TestQuiet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &cluster{}
		one := newInstance(t, c, twoTasks...)
		c.join("a", "one")
		one.announce(t, "a", "one")
		one.lead(t, "a")
		time.Sleep(time.Second)
		c.mu.Lock()
		written, asked := len(c.log), c.asked
		c.mu.Unlock()
		time.Sleep(time.Minute)
		c.mu.Lock()
		defer c.mu.Unlock()
		if len(c.log) != written || c.asked-asked > int(time.Minute/lookInterval)+1 {
			t.Errorf("in a quiet minute %d records were written, and the coordinator was asked %d times", len(c.log)-written, c.asked-asked)
		}
	})
}

func wantGranted(t *testing.T, when string, i *instance, want map[int32]string) {
	t.Helper()
	if diff := cmp.Diff(want, i.granted()); diff != "" {
		t.Errorf("%s: granted (-want +got):\n%s", when, diff)
	}
}

// TestFarewellWhileTasksMove: a leader that leaves goes on until no task is on its way, or one would be run by nobody until
// there is another leader.
func TestFarewellWhileTasksMove(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &cluster{}
		tasks := []assign.Task{{Slot: 0}, {Slot: 1}, {Slot: 2}, {Slot: 3}}
		in := map[string]*instance{}
		join := func(id string) {
			in[id] = newInstance(t, c, tasks...)
			c.join(id, "instance of "+id)
			time.Sleep(time.Second)
			in[id].announce(t, id, "instance of "+id)
		}
		join("a")
		join("b")
		done := in["a"].lead(t, "a")
		time.Sleep(time.Second)
		in["b"].announce(t, "b", "instance of b") // with its two tasks
		join("c")
		time.Sleep(time.Second)
		if v, _ := in["c"].View(); v.Assignment.Grants[1].From != "b" {
			t.Fatalf("no task is on its way from b: %v", v.Assignment)
		}
		if err := in["a"].Announce(t.Context(), Record{ID: "a", Instance: "instance of a", Acked: Gone, Leaving: true}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		if len(done) > 0 {
			t.Errorf("the leader has ended, and these tasks are run by: %v", in["c"].granted())
		}
		in["b"].announce(t, "b", "instance of b") // has let go
		time.Sleep(time.Second)
		got := map[string]int{}
		for _, m := range in["c"].granted() {
			got[m]++
		}
		if diff := cmp.Diff(map[string]int{"b": 2, "c": 2}, got); diff != "" {
			t.Errorf("tasks by member (-want +got):\n%s", diff)
		}
		if err := <-done; err != nil {
			t.Errorf("the leader ended with %v", err)
		}
	})
}

// TestAnnounceHeedsItsContext: also while another announcement waits for the broker.
func TestAnnounceHeedsItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		one := newInstance(t, &cluster{}, twoTasks...)
		one.turn <- struct{}{}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := one.Announce(ctx, Record{ID: "a"}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("announce: %v", err)
		}
	})
}
