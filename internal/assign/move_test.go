package assign

import "testing"

func TestScaleOut(t *testing.T) {
	t.Parallel()
	both := []Member{{ID: "a1", Acked: 5}, {ID: "b1", Acked: 5}}
	behind := func(records int64, slots ...int32) []Member {
		lag := map[int32]int64{}
		for _, slot := range slots {
			lag[slot] = records
		}
		return []Member{{ID: "a1", Acked: 5}, {ID: "b1", Acked: 5, Lag: lag}}
	}
	four := all(4, on("a1"))
	check(t, []situation{
		{
			name: "stateless", tasks: stateless(4), last: four, members: both,
			want: but(four, map[int32]Grant{0: way("a1", 6, "b1"), 1: way("a1", 6, "b1")}),
		},
		{
			name: "on its way already", tasks: stateless(4), last: but(four, map[int32]Grant{0: way("a1", 5, "b1"), 1: way("a1", 5, "b1")}),
			members: []Member{{ID: "a1", Acked: 4, Held: []int32{0, 1, 2, 3}}, {ID: "b1", Acked: 5}}, same: true,
		},
		{
			name: "with warm-up", tasks: stateful(4), last: four, members: both,
			want: four, standbys: map[int32][]string{0: {"b"}, 1: {"b"}},
		},
		{
			name: "one warm-up at a time", tasks: stateful(4), cfg: Config{MaxWarmups: 1}, last: four, members: both,
			want: four, standbys: map[int32][]string{0: {"b"}},
		},
		{
			name: "a warm-up that has begun goes on", tasks: stateful(4), cfg: Config{MaxWarmups: 1}, last: four,
			copies: map[int32][]string{3: {"b"}}, members: behind(400_000, 2, 3), same: true,
		},
		{
			name: "and keeps its destination", tasks: stateful(2), last: all(2, on("a1")), copies: map[int32][]string{1: {"c"}},
			members: []Member{{ID: "a1"}, {ID: "b1"}, {ID: "c1", Lag: map[int32]int64{1: 900_000}}}, same: true,
		},
		{
			name: "rather to somebody that can run it at once", tasks: stateful(2), last: all(2, on("a1")), copies: map[int32][]string{1: {"b"}},
			members: []Member{{ID: "a1"}, {ID: "b1", Lag: map[int32]int64{1: 50_000}}, {ID: "c1", Lag: map[int32]int64{1: 9_000}}},
			want:    map[int32]Grant{0: on("a1"), 1: way("a1", 6, "c1")}, standbys: map[int32][]string{1: {"b"}},
		},
		{
			name: "still warming up", tasks: stateful(4), last: four, copies: map[int32][]string{0: {"b"}, 1: {"b"}},
			members: behind(10_001, 0, 1), same: true,
		},
		{
			name: "warmed up", tasks: stateful(4), last: four, copies: map[int32][]string{0: {"b"}, 1: {"b"}}, members: behind(10_000, 0, 1),
			want:     but(four, map[int32]Grant{0: way("a1", 6, "b1"), 1: way("a1", 6, "b1")}),
			standbys: map[int32][]string{0: {"b"}, 1: {"b"}},
		},
		{
			name: "the destination has lost its state: back, and warm up again", tasks: stateful(4), copies: map[int32][]string{0: {"b"}, 1: {"b"}},
			last:    but(four, map[int32]Grant{0: way("a1", 5, "b1"), 1: way("a1", 5, "b1")}),
			members: []Member{{ID: "a1", Acked: 5, Held: []int32{2, 3}}, {ID: "b1", Acked: 5}},
			want:    four, standbys: map[int32][]string{0: {"b"}, 1: {"b"}},
		},
		{
			name: "moved", tasks: stateful(4), copies: map[int32][]string{0: {"b"}, 1: {"b"}},
			last:    but(four, map[int32]Grant{0: way("a1", 5, "b1"), 1: way("a1", 5, "b1")}),
			members: []Member{{ID: "a1", Acked: 5, Held: []int32{2, 3}}, {ID: "b1", Acked: 5, Lag: map[int32]int64{0: 5, 1: 5}}},
			want:    but(four, map[int32]Grant{0: on("b1"), 1: on("b1")}),
		},
		{
			name: "to the standby", tasks: stateful(2), cfg: Config{Standbys: 1}, last: all(2, on("a1")),
			copies: map[int32][]string{0: {"b"}, 1: {"b"}}, members: behind(3, 1),
			want:     map[int32]Grant{0: on("a1"), 1: way("a1", 6, "b1")},
			standbys: map[int32][]string{0: {"b"}, 1: {"b"}},
		},
		{
			name: "state left on disk", tasks: stateful(2), last: all(2, on("a1")), members: behind(500, 1),
			want: map[int32]Grant{0: on("a1"), 1: way("a1", 6, "b1")},
		},
	})
}

func TestBalance(t *testing.T) {
	t.Parallel()
	both := []Member{{ID: "a1", Acked: 5}, {ID: "b1", Acked: 5}}
	sub := func(subs ...int) []Task {
		tasks := stateless(int32(len(subs)))
		for i := range tasks {
			tasks[i].Sub = subs[i]
		}
		return tasks
	}
	a, b := on("a1"), on("b1")
	check(t, []situation{
		{name: "no better balanced", tasks: stateless(3), last: map[int32]Grant{0: a, 1: a, 2: b}, members: both, same: true},
		{
			name: "each sub-topology by itself", tasks: sub(0, 0, 1, 1), last: map[int32]Grant{0: a, 1: a, 2: b, 3: b}, members: both,
			want: map[int32]Grant{0: way("a1", 6, "b1"), 1: a, 2: way("b1", 6, "a1"), 3: b},
		},
		{
			name: "and all together", tasks: sub(0, 1, 2), last: map[int32]Grant{0: a, 1: a, 2: a}, members: both,
			want: map[int32]Grant{0: way("a1", 6, "b1"), 1: a, 2: a},
		},
		{
			name: "a loner stays", tasks: sub(0, 1), last: map[int32]Grant{0: a, 1: a}, members: both[:1], same: true,
		},
		{
			name: "a warm-up that is not needed any more ends", tasks: stateful(3), last: map[int32]Grant{0: a, 1: a, 2: b},
			copies: map[int32][]string{0: {"b"}}, members: both, want: map[int32]Grant{0: a, 1: a, 2: b},
		},
		{
			name: "a warm-up whose instance is gone ends", tasks: stateful(2), last: map[int32]Grant{0: a, 1: a},
			copies: map[int32][]string{0: {"b"}}, members: both[:1], want: map[int32]Grant{0: a, 1: a},
		},
	})
}

func TestGracefulLeave(t *testing.T) {
	t.Parallel()
	leaving := func(others ...Member) []Member { return append(others, Member{ID: "a1", Acked: 5, Leaving: true}) }
	lag := map[int32]int64{0: 10, 1: 20_000}
	check(t, []situation{
		{
			name: "stateless tasks go at once", tasks: stateless(1), last: all(1, on("a1")), members: leaving(Member{ID: "b1"}),
			want: all(1, way("a1", 6, "b1")),
		},
		{
			name: "and so do those with a current copy; others stay", tasks: stateful(2), last: all(2, on("a1")),
			members: leaving(Member{ID: "b1", Lag: lag}), want: map[int32]Grant{0: way("a1", 6, "b1"), 1: on("a1")},
		},
		{
			name: "until it is gone", tasks: stateful(2), last: map[int32]Grant{0: on("b1"), 1: on("a1")},
			members: leaving(Member{ID: "b1", Lag: lag})[:1], want: all(2, on("b1")),
		},
		{name: "all leave", tasks: stateless(1), last: all(1, on("a1")), members: leaving(Member{ID: "b1", Leaving: true}), same: true},
		{name: "nobody else is there", tasks: stateless(1), last: all(1, on("a1")), members: leaving(), same: true},
		{
			name: "nobody else has announced itself", tasks: stateless(1), last: all(1, on("a1")), members: leaving(),
			silent: []string{"b1"}, same: true,
		},
	})
}
