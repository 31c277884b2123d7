package assign

import "testing"

func TestStandbys(t *testing.T) {
	t.Parallel()
	one, two := Config{Standbys: 1}, Config{Standbys: 2}
	abc := []Member{{ID: "a1", Acked: 5}, {ID: "b1", Acked: 5}, {ID: "c1", Acked: 5}}
	each := map[int32]Grant{0: on("a1"), 1: on("b1"), 2: on("c1")}
	check(t, []situation{
		{
			name: "spread evenly, elsewhere", tasks: stateful(3), cfg: one, last: each, members: abc,
			want: each, standbys: map[int32][]string{0: {"b"}, 1: {"c"}, 2: {"a"}},
		},
		{
			name: "as many as there are instances", tasks: stateful(1), cfg: two, last: all(1, on("a1")), members: abc[:2],
			want: all(1, on("a1")), standbys: map[int32][]string{0: {"b"}},
		},
		{name: "none of stateless tasks", tasks: stateless(3), cfg: two, last: each, members: abc, same: true},
		{
			name: "where less is to be read", tasks: stateful(1), cfg: one, last: all(1, on("a1")),
			members: []Member{{ID: "a1"}, {ID: "b1", Lag: map[int32]int64{0: 900_000}}, {ID: "c1", Lag: map[int32]int64{0: 800_000}}},
			want:    all(1, on("a1")), standbys: map[int32][]string{0: {"c"}},
		},
		{
			name: "they stay, though another has less to read", tasks: stateful(1), cfg: one, last: all(1, on("a1")),
			copies:  map[int32][]string{0: {"b"}},
			members: []Member{{ID: "a1"}, {ID: "b1"}, {ID: "c1", Lag: map[int32]int64{0: 20_000}}}, same: true,
		},
		{
			name: "a new instance takes its share over: it reads first", tasks: stateful(4), cfg: one,
			last: map[int32]Grant{0: on("a1"), 1: on("b1"), 2: on("a1"), 3: on("c1")}, members: abc,
			copies:   map[int32][]string{0: {"b"}, 1: {"a"}, 2: {"b"}, 3: {"b"}},
			want:     map[int32]Grant{0: on("a1"), 1: on("b1"), 2: on("a1"), 3: on("c1")},
			standbys: map[int32][]string{0: {"b", "c"}, 1: {"a"}, 2: {"b"}, 3: {"b"}},
		},
		{
			name: "then the old copy goes", tasks: stateful(4), cfg: one,
			last:     map[int32]Grant{0: on("a1"), 1: on("b1"), 2: on("a1"), 3: on("c1")},
			members:  []Member{abc[0], abc[1], {ID: "c1", Lag: map[int32]int64{0: 10_000}}},
			copies:   map[int32][]string{0: {"b", "c"}, 1: {"a"}, 2: {"b"}, 3: {"b"}},
			want:     map[int32]Grant{0: on("a1"), 1: on("b1"), 2: on("a1"), 3: on("c1")},
			standbys: map[int32][]string{0: {"c"}, 1: {"a"}, 2: {"b"}, 3: {"b"}},
		},
		{
			name: "standbys stay while a task is about to move", tasks: stateful(4), cfg: one, members: abc,
			last:     map[int32]Grant{0: on("a1"), 1: on("a1"), 2: on("b1"), 3: on("b1")},
			copies:   map[int32][]string{0: {"b"}, 1: {"b"}, 2: {"a"}, 3: {"a"}},
			want:     map[int32]Grant{0: on("a1"), 1: on("a1"), 2: on("b1"), 3: on("b1")},
			standbys: map[int32][]string{0: {"b"}, 1: {"b"}, 2: {"a", "c"}, 3: {"a"}},
		},
		{
			name: "standby gone", tasks: stateful(1), cfg: two, last: all(1, on("a1")), copies: map[int32][]string{0: {"d", "c"}},
			members: abc, want: all(1, on("a1")), standbys: map[int32][]string{0: {"c", "b"}},
		},
		{
			name: "standby restarts", tasks: stateful(1), cfg: one, last: all(1, on("a1")), copies: map[int32][]string{0: {"d"}},
			members: abc, silent: []string{"d2"}, same: true,
		},
		{
			name: "standby leaves", tasks: stateful(1), cfg: one, last: all(1, on("a1")), copies: map[int32][]string{0: {"b"}},
			members: []Member{{ID: "a1"}, {ID: "b1", Leaving: true}, {ID: "c1"}},
			want:    all(1, on("a1")), standbys: map[int32][]string{0: {"c"}},
		},
		{
			name: "fewer are wanted", tasks: stateful(1), cfg: one, last: all(1, on("a1")), copies: map[int32][]string{0: {"c", "b"}},
			members: abc, want: all(1, on("a1")), standbys: map[int32][]string{0: {"c"}},
		},
		{
			name: "who just lost the task has its state", tasks: stateful(1), cfg: one, last: all(1, way("b1", 5, "c1")),
			copies:  map[int32][]string{0: {"c"}},
			members: []Member{{ID: "a1"}, {ID: "b1", Acked: 5}, {ID: "c1", Lag: map[int32]int64{0: 0}}},
			want:    all(1, on("c1")), standbys: map[int32][]string{0: {"b"}},
		},
		{
			name: "the standby takes over and another takes its place", tasks: stateful(1), cfg: one, last: all(1, on("a1")),
			copies:  map[int32][]string{0: {"b"}},
			members: []Member{{ID: "b1", Lag: map[int32]int64{0: 40}}, {ID: "c1"}},
			want:    all(1, on("b1")), standbys: map[int32][]string{0: {"c"}},
		},
		{
			name: "warm-ups come after standbys", tasks: stateful(2), cfg: one, last: map[int32]Grant{0: on("a1"), 1: on("a1")},
			copies: map[int32][]string{0: {"b"}, 1: {"b"}}, members: []Member{{ID: "a1"}, {ID: "b1", Leaving: true}, {ID: "c1"}, {ID: "d1"}},
			want: map[int32]Grant{0: on("a1"), 1: on("a1")}, standbys: map[int32][]string{0: {"c"}, 1: {"d"}},
		},
	})
}
