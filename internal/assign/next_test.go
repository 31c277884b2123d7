package assign

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// situation is a group after an assignment, and what the next assignment must say. A member's id is its instance and a
// number: a2 is the second life of a.
type situation struct {
	name     string
	cfg      Config
	version  uint64 // version is that of the last assignment, 5 if 0.
	last     map[int32]Grant
	copies   map[int32][]string
	tasks    []Task
	members  []Member
	silent   []string // silent are in the group without having announced themselves.
	want     map[int32]Grant
	standbys map[int32][]string
	same     bool // same says that nothing changes.
}

func check(t *testing.T, situations []situation) {
	t.Helper()
	for _, s := range situations {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			if s.version == 0 {
				s.version = 5
			}
			last := Assignment{Version: s.version, Grants: s.last, Standbys: s.copies}
			g := Group{Tasks: s.tasks, Present: map[string]string{}}
			for _, m := range s.members {
				m.Instance = m.ID[:1]
				g.Members = append(g.Members, m)
				g.Present[m.ID] = m.Instance
			}
			for _, id := range s.silent {
				g.Present[id] = id[:1]
			}
			next, changed := Next(last, g, s.cfg)
			want := Assignment{Version: s.version + 1, Grants: s.want, Standbys: s.standbys}
			if s.same {
				want = last
			} else if want.Standbys == nil {
				want.Standbys = map[int32][]string{}
			}
			if diff := cmp.Diff(want, next); diff != "" || changed == s.same {
				t.Errorf("changed: %v (-want +got):\n%s", changed, diff)
			}
		})
	}
}

// on is the grant of a task to a member.
func on(id string) Grant { return Grant{Member: id, Instance: id[:1]} }

// off is the grant of a task that nobody runs, and that an instance had last.
func off(instance string) Grant { return Grant{Instance: instance} }

// way is the grant of a task that was taken from a member in a version, on its way to another.
func way(from string, since uint64, to string) Grant {
	return Grant{Instance: from[:1], From: from, Since: since, To: to}
}

// all gives n tasks the same grant.
func all(n int32, g Grant) map[int32]Grant {
	grants := map[int32]Grant{}
	for slot := range n {
		grants[slot] = g
	}
	return grants
}

// but changes some grants.
func but(grants, changes map[int32]Grant) map[int32]Grant {
	changed := maps.Clone(grants)
	maps.Copy(changed, changes)
	return changed
}

// stateless gives n tasks of one sub-topology.
func stateless(n int32) []Task {
	var tasks []Task
	for slot := range n {
		tasks = append(tasks, Task{Slot: slot})
	}
	return tasks
}

// stateful gives n tasks with a million records each.
func stateful(n int32) []Task {
	tasks := stateless(n)
	for i := range tasks {
		tasks[i].Stateful, tasks[i].Size = true, 1_000_000
	}
	return tasks
}

func TestHandOver(t *testing.T) {
	t.Parallel()
	members := func(acked uint64, held ...int32) []Member {
		return []Member{{ID: "a1", Acked: acked, Held: held}, {ID: "b1", Acked: 5}}
	}
	last := map[int32]Grant{0: on("a1"), 1: way("a1", 5, "b1")}
	check(t, []situation{
		{name: "zombie that has not acknowledged", tasks: stateless(2), last: last, members: members(4, 0), same: true},
		{name: "acknowledged and not stopped yet", tasks: stateless(2), last: last, members: members(5, 0, 1), same: true},
		{name: "let go", tasks: stateless(2), last: last, members: members(5, 0), want: map[int32]Grant{0: on("a1"), 1: on("b1")}},
		{
			name: "holder known to the coordinator alone", tasks: stateless(2), last: last,
			members: members(5)[1:], silent: []string{"a1"}, same: true,
		},
		{
			name: "holder gone", tasks: stateless(2), last: last, members: members(5)[1:],
			want: map[int32]Grant{0: on("b1"), 1: on("b1")},
		},
		{
			name: "holder restarted", tasks: stateless(2), last: last, members: []Member{{ID: "a2"}, {ID: "b1", Acked: 5}},
			want: map[int32]Grant{0: on("a2"), 1: on("b1")},
		},
		{
			name: "destination gone", tasks: stateless(2), last: last, members: members(5, 0)[:1],
			want: map[int32]Grant{0: on("a1"), 1: on("a1")},
		},
		{
			name: "destination gone before the holder let go: it waits all the same", tasks: stateless(2), last: last,
			members: members(4, 0, 1)[:1], same: true,
		},
		{
			name: "two hand-overs later, the first holder still counts", tasks: stateless(2),
			last:    map[int32]Grant{0: on("a1"), 1: way("b1", 5, "a1")},
			members: []Member{{ID: "a1", Acked: 4, Held: []int32{0, 1}}, {ID: "b1", Acked: 5}},
			want:    map[int32]Grant{0: on("a1"), 1: way("a1", 6, "b1")},
		},
	})
}

func TestNewLeader(t *testing.T) {
	t.Parallel()
	check(t, []situation{
		{
			name: "old assignment: a member obeys a later one", tasks: stateless(1), last: all(1, on("a1")),
			members: []Member{{ID: "b1", Acked: 6}}, same: true,
		},
		{
			name: "first assignment: who runs a task goes on", tasks: stateless(2), version: 1,
			members: []Member{{ID: "a1", Held: []int32{1}}, {ID: "b1"}},
			want:    map[int32]Grant{0: on("b1"), 1: on("a1")},
		},
		{
			name: "first assignment: two run a task", tasks: stateless(1), version: 1,
			members: []Member{{ID: "a1", Held: []int32{0}}, {ID: "b1", Held: []int32{0}}, {ID: "c1"}},
			want:    map[int32]Grant{0: way("a1", 2, "a1")},
		},
		{
			name: "somebody that obeys has what it was not granted", tasks: stateless(2),
			members: []Member{{ID: "a1", Acked: 5, Held: []int32{0}}, {ID: "b1", Acked: 5}},
			want:    map[int32]Grant{0: way("a1", 6, "a1"), 1: on("b1")},
		},
		{
			name: "no announcement read yet", tasks: stateless(2), last: all(2, on("a1")), silent: []string{"a1", "b1"}, same: true,
		},
	})
}

func TestTopologyChanges(t *testing.T) {
	t.Parallel()
	check(t, []situation{
		{
			name: "new tasks are spread", tasks: stateless(4), last: all(2, on("a1")), members: []Member{{ID: "a1", Acked: 5}, {ID: "b1"}},
			want: map[int32]Grant{0: on("a1"), 1: on("a1"), 2: on("b1"), 3: on("b1")},
		},
		{
			name: "task that is none any more is taken", tasks: stateless(1), last: all(2, on("a1")), members: []Member{{ID: "a1"}},
			want: map[int32]Grant{0: on("a1"), 1: way("a1", 6, "")},
		},
		{
			name: "it stays until it is let go", tasks: stateless(1), last: map[int32]Grant{0: on("a1"), 1: way("a1", 5, "")},
			members: []Member{{ID: "a1", Acked: 5, Held: []int32{0, 1}}}, same: true,
		},
		{
			name: "and vanishes", tasks: stateless(1), last: map[int32]Grant{0: on("a1"), 1: way("a1", 5, "")},
			members: []Member{{ID: "a1", Acked: 5, Held: []int32{0}}}, want: all(1, on("a1")),
		},
	})
}

func TestNextChangesNothingThatItIsGiven(t *testing.T) {
	t.Parallel()
	last := Assignment{Version: 5, Grants: all(4, on("a1")), Standbys: map[int32][]string{0: {"b", "c"}, 1: append(make([]string, 0, 4), "b")}}
	g := Group{
		Tasks:   stateful(4),
		Members: []Member{{ID: "b1", Instance: "b", Lag: map[int32]int64{0: 0}}, {ID: "a1", Instance: "a"}, {ID: "c1", Instance: "c"}},
		Present: map[string]string{"a1": "a", "b1": "b", "c1": "c"},
	}
	slices.Reverse(g.Tasks)
	before, tasks, members := clone(last), slices.Clone(g.Tasks), slices.Clone(g.Members)
	if _, changed := Next(last, g, Config{Standbys: 1}); !changed {
		t.Fatal("nothing to do")
	}
	if diff := cmp.Diff(before, last) + cmp.Diff(tasks, g.Tasks) + cmp.Diff(members, g.Members); diff != "" {
		t.Error(diff)
	}
	if spare := last.Standbys[1][:2][1]; spare != "" {
		t.Errorf("Next wrote %q behind a list that it was given", spare)
	}
}
