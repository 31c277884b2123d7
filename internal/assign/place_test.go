package assign

import "testing"

func TestFreeTasks(t *testing.T) {
	t.Parallel()
	lag := func(records int64) map[int32]int64 { return map[int32]int64{0: records} }
	check(t, []situation{
		{
			name: "static restart", tasks: stateful(2), last: map[int32]Grant{0: on("a1"), 1: on("b1")},
			members: []Member{{ID: "a2"}, {ID: "b1"}}, want: map[int32]Grant{0: on("a2"), 1: on("b1")},
		},
		{
			name: "static restart, not announced yet", tasks: stateful(2), last: map[int32]Grant{0: on("a1"), 1: on("b1")},
			members: []Member{{ID: "b1"}}, silent: []string{"a2"}, want: map[int32]Grant{0: off("a"), 1: on("b1")},
		},
		{
			name: "still not announced", tasks: stateful(2), last: map[int32]Grant{0: off("a"), 1: on("b1")},
			members: []Member{{ID: "b1"}}, silent: []string{"a2"}, same: true,
		},
		{
			name: "died while it was awaited", tasks: stateful(2), last: map[int32]Grant{0: off("a"), 1: on("b1")},
			members: []Member{{ID: "b1"}}, want: all(2, on("b1")),
		},
		{
			name: "everybody is gone", tasks: stateful(1), last: all(1, on("a1")), want: all(1, off("a")),
		},
		{
			name: "the group is new and nobody has announced itself", tasks: stateful(1), silent: []string{"a1"}, version: 1,
			want: all(1, Grant{}),
		},
		{
			name: "fail-over to the current standby, though it has more to do", tasks: stateful(3),
			last:    map[int32]Grant{0: on("a1"), 1: on("b1"), 2: on("b1")},
			members: []Member{{ID: "b1", Lag: lag(9_000)}, {ID: "c1", Lag: lag(11_000)}},
			want:    map[int32]Grant{0: on("b1"), 1: on("b1"), 2: on("b1")}, standbys: map[int32][]string{0: {"c"}},
		},
		{
			name: "fail-over without a standby: who is least behind", tasks: stateful(1), last: all(1, on("a1")),
			members: []Member{{ID: "b1", Lag: lag(700_000)}, {ID: "c1", Lag: lag(600_000)}, {ID: "d1"}}, want: all(1, on("c1")),
		},
		{
			name: "who is least behind has its share already", tasks: stateful(2), last: map[int32]Grant{0: on("a1"), 1: on("b1")},
			members: []Member{{ID: "b1", Lag: lag(600_000)}, {ID: "c1"}}, want: map[int32]Grant{0: on("c1"), 1: on("b1")},
		},
		{
			name: "few records are as good as none", tasks: []Task{{Slot: 0, Stateful: true, Size: 10_000}}, last: all(1, on("a1")),
			members: []Member{{ID: "b1", Lag: lag(500)}, {ID: "c1", Lag: lag(0)}}, want: all(1, on("b1")),
		},
		{
			name: "leaving members get nothing", tasks: stateful(1), last: all(1, on("a1")),
			members: []Member{{ID: "b1", Lag: lag(0), Leaving: true}, {ID: "c1"}}, want: all(1, on("c1")),
		},
		{
			name: "nor do they if everybody leaves", tasks: stateful(1), last: all(1, on("a1")),
			members: []Member{{ID: "b1", Leaving: true}}, want: all(1, off("a")),
		},
		{
			name: "what was taken on purpose does not go home", tasks: stateful(2),
			last:    map[int32]Grant{0: way("a1", 5, "b1"), 1: on("a1")},
			members: []Member{{ID: "a2"}, {ID: "b1", Lag: lag(100)}},
			want:    map[int32]Grant{0: on("b1"), 1: on("a2")},
		},
		{
			name: "nor if its destination is gone too", tasks: stateful(2),
			last:    map[int32]Grant{0: way("a1", 5, "c1"), 1: on("a1")},
			members: []Member{{ID: "a2"}, {ID: "b1"}},
			want:    map[int32]Grant{0: on("b1"), 1: on("a2")},
		},
		{
			name: "unless only the former holder has its state", tasks: stateful(2),
			last:    map[int32]Grant{0: way("a1", 5, "b1"), 1: on("a1")},
			members: []Member{{ID: "a1", Acked: 5, Held: []int32{1}}, {ID: "c1"}},
			want:    map[int32]Grant{0: on("a1"), 1: on("a1")}, standbys: map[int32][]string{0: {"c"}},
		},
	})
}

func TestSilentMembers(t *testing.T) {
	t.Parallel()
	check(t, []situation{
		{
			name: "keep what they have and get nothing", tasks: stateless(3), last: all(2, on("a1")),
			members: []Member{{ID: "b1"}}, silent: []string{"a1", "c1"},
			want: but(all(2, on("a1")), map[int32]Grant{2: on("b1")}),
		},
		{
			name: "announced and no longer in the group", tasks: stateless(1), last: all(1, on("a1")),
			members: []Member{{ID: "b1"}}, want: all(1, on("b1")),
		},
	})
}
