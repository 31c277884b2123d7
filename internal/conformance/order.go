package conformance

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// rows renders a store's rows in the order of the vectors: by key, then window.
func rows(list []Row) []string {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Row) int {
		if c := cmp.Compare(a.Key.text, b.Key.text); c != 0 || a.Window == nil || b.Window == nil {
			return c
		}
		return cmp.Or(cmp.Compare(a.Window.Start, b.Window.Start), cmp.Compare(a.Window.End, b.Window.End))
	})
	return lines(list)
}

// unexpired leaves out of both lists the rows that have expired by the later of them: with a cache, Kafka Streams may list
// such rows still. Windows are as old as their start, sessions as their end.
func unexpired(retention int64, a, b []Row) (liveA, liveB []Row) {
	age := func(r Row) int64 {
		if r.Time == nil { // a session
			return r.Window.End
		}
		return r.Window.Start
	}
	observed := int64(-1)
	for _, r := range slices.Concat(a, b) {
		observed = max(observed, age(r))
	}
	expired := func(r Row) bool { return age(r) <= observed-retention }
	return slices.DeleteFunc(slices.Clone(a), expired), slices.DeleteFunc(slices.Clone(b), expired)
}

func lines[T interface{ String() string }](list []T) []string {
	var out []string
	for _, x := range list {
		out = append(out, x.String())
	}
	return out
}

func sortedKeys[A, B any](a map[string]A, b map[string]B) []string {
	names := slices.Collect(maps.Keys(a))
	for name := range b {
		if _, ok := a[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func millis(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
