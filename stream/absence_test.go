package stream_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

// absent pipes a record, one without a value, one without a key and one with neither through an operator, and returns
// what comes out and how often the operator's callback was called.
func absent[V any](t *testing.T, o op[V], v V) (out string, calls int) {
	t.Helper()
	in := topology.NewTopic[string, V]("in")
	b := topology.New("absence")
	o.draw(stream.From(b, in), func(V) { calls++ }).To(topology.NewTopic[string, V]("out"))
	d := testkit.New(t, build(t, b))
	d.Input(in).Pipe("k", v, 0)
	d.Input(in).PipeNull("k", 0)
	d.Input(in).PipeNullKey(v, 0)
	d.Input(in).PipeRecord(stream.Record[string, V]{NullKey: true, Null: true})
	var lines []string
	for _, r := range d.Output(topology.NewTopic[string, V]("out")).ReadAll() {
		lines = append(lines, strings.TrimSuffix(r.String(), " at 0"))
	}
	return strings.Join(lines, ", "), calls
}

// Null is a bit. A V that can be nil shows it; for any other V the callback is not called, and the null goes on where an
// operator gives one record for one.
func TestAbsence(t *testing.T) {
	t.Parallel()
	const (
		all      = "k -> v, k -> null, null -> v, null -> null"
		present  = "k -> v, null -> v"
		rekeyed  = "k -> v,  -> v"
		withKeys = "k -> v, k -> null"
	)
	type want struct {
		plain   string
		calls   int
		pointer string
	}
	wants := map[string]want{
		"Filter":               {present, 2, all},
		"FilterNot":            {present, 2, all},
		"MapValues":            {all, 2, all},
		"MapValuesWithKey":     {all, 2, all},
		"Map":                  {rekeyed, 2, "k -> v, k -> null,  -> v,  -> null"},
		"SelectKey":            {rekeyed, 2, "k -> v, k -> null,  -> v,  -> null"},
		"FlatMap":              {rekeyed, 2, "k -> v, k -> null,  -> v,  -> null"},
		"FlatMapValues":        {present, 2, all},
		"FlatMapValuesWithKey": {present, 2, all},
		"Peek":                 {all, 2, all},
		"ForEach":              {all, 2, all},
		"Split, Branch":        {present, 2, all},
		"Split, Default":       {all, 2, all},
		"ProcessValues":        {"k -> v, k -> , null -> v, null -> ", 4, all},
		"Process":              {all, 4, all},
		"Merge":                {all, 2, all},
		"Repartition":          {withKeys, 0, withKeys},
		"ToTable, Changes":     {withKeys, 0, withKeys},
	}
	v := "v"
	pointers := ops[*string]()
	for i, o := range ops[string]() {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			w := wants[o.name]
			out, calls := absent(t, o, v)
			if diff := cmp.Diff(w.plain, out); diff != "" || calls != w.calls {
				t.Errorf("string: %d calls, want %d: %s", calls, w.calls, diff)
			}
			everything := 4
			if w.calls == 0 {
				everything = 0
			}
			out, calls = absent(t, pointers[i], &v)
			if diff := cmp.Diff(w.pointer, out); diff != "" || calls != everything {
				t.Errorf("*string: %d calls, want %d: %s", calls, everything, diff)
			}
		})
	}
}

// A nil result is a null; the zero value of a type that cannot be nil is a value.
func TestNilResults(t *testing.T) {
	t.Parallel()
	in := topology.NewTopic[string, string]("in")
	b := topology.New("nils")
	s := stream.From(b, in)
	s.MapValues(func(string) *string { return nil }).To(topology.NewTopic[string, *string]("pointer"))
	s.MapValues(func(string) []byte { return nil }).To(topology.NewTopic[string, []byte]("bytes"))
	s.MapValues(func(string) []byte { return []byte{} }).To(topology.NewTopic[string, []byte]("empty"))
	s.MapValues(func(string) string { return "" }).To(topology.NewTopic[string, string]("string"))
	s.MapValues(func(string) []string { return nil }).To(topology.NewTopic[string, []string]("strings"))
	s.Map(func(string, string) (*string, *int64) { return nil, nil }).To(topology.NewTopic[*string, *int64]("both"))
	s.SelectKey(func(string, string) []byte { return nil }).To(topology.NewTopic[[]byte, string]("key"))
	s.FlatMapValues(func(string) []*string { return []*string{nil} }).To(topology.NewTopic[string, *string]("flat"))
	s.Process(func(c *stream.Context[*string, *string]) (func(stream.Record[string, string]) error, error) {
		return func(stream.Record[string, string]) error { return c.Forward(stream.Record[*string, *string]{}) }, nil
	}).To(topology.NewTopic[*string, *string]("process"))
	d := testkit.New(t, build(t, b))
	d.Input(in).Pipe("k", "v", 0)
	var got []string
	for _, p := range d.Produced() {
		got = append(got, p.String())
	}
	want := []string{
		`pointer[0] "k" -> null at 0`, `bytes[0] "k" -> null at 0`, `empty[0] "k" -> "" at 0`, `string[0] "k" -> "" at 0`,
		`strings[0] "k" -> "\xc0" at 0`, `both[0] null -> null at 0`, `key[0] null -> "v" at 0`, `flat[0] "k" -> null at 0`,
		`process[0] null -> null at 0`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Aggregations leave records without a key out. Without windows they leave null values out too; with windows a V that can
// be nil shows them, and Count counts them whatever V is.
func TestAbsenceInAggregations(t *testing.T) {
	t.Parallel()
	type G = *stream.Grouped[string, *string]
	type H = *stream.Grouped[string, string]
	add := func(a, _ string, v *string) string {
		if v == nil {
			return a + "0"
		}
		return a + *v
	}
	plain := func(a, _, v string) string { return a + v }
	merge := func(a, _, b string) string { return a + b }
	empty := func() string { return "" }
	for _, tc := range []struct {
		name    string
		pointer func(g G)
		plain   func(g H)
		wants   [2]string
		dropped [2]int64
	}{
		{
			"Count", func(g G) { stream.Changes(g.Count(topology.As("n"))).MapValues(digits).To(text) },
			func(g H) { stream.Changes(g.Count(topology.As("n"))).MapValues(digits).To(text) },
			[2]string{"1", "1"},
			[2]int64{3, 3},
		},
		{
			"Aggregate", func(g G) { stream.Changes(g.Aggregate(empty, add, topology.As("n"))).To(text) },
			func(g H) { stream.Changes(g.Aggregate(empty, plain, topology.As("n"))).To(text) },
			[2]string{"v", "v"},
			[2]int64{3, 3},
		},
		{
			"windowed Count", func(g G) { stream.Changes(g.WindowedBy(day).Count(topology.As("n"))).MapValues(digits).To(byWindow) },
			func(g H) { stream.Changes(g.WindowedBy(day).Count(topology.As("n"))).MapValues(digits).To(byWindow) },
			[2]string{"1 2", "1 2"},
			[2]int64{2, 2},
		},
		{
			"windowed Aggregate", func(g G) { stream.Changes(g.WindowedBy(day).Aggregate(empty, add, topology.As("n"))).To(byWindow) },
			func(g H) { stream.Changes(g.WindowedBy(day).Aggregate(empty, plain, topology.As("n"))).To(byWindow) },
			[2]string{"v v0", "v"},
			[2]int64{2, 3},
		},
		{
			"session Count", func(g G) {
				stream.Changes(g.WindowedBySession(night).Count(topology.As("n"))).MapValues(digits).To(byWindow)
			},
			func(g H) {
				stream.Changes(g.WindowedBySession(night).Count(topology.As("n"))).MapValues(digits).To(byWindow)
			},
			[2]string{"1 2", "1 2"},
			[2]int64{2, 2},
		},
		{
			"session Aggregate", func(g G) {
				stream.Changes(g.WindowedBySession(night).Aggregate(empty, add, merge, topology.As("n"))).To(byWindow)
			},
			func(g H) {
				stream.Changes(g.WindowedBySession(night).Aggregate(empty, plain, merge, topology.As("n"))).To(byWindow)
			},
			[2]string{"v v0", "v"},
			[2]int64{2, 3},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			v := "v"
			got, n := aggregated(t, &v, tc.pointer)
			if got != tc.wants[0] || n != tc.dropped[0] {
				t.Errorf("*string: %q, %d dropped, want %q, %d", got, n, tc.wants[0], tc.dropped[0])
			}
			if got, n = aggregated(t, v, tc.plain); got != tc.wants[1] || n != tc.dropped[1] {
				t.Errorf("string: %q, %d dropped, want %q, %d", got, n, tc.wants[1], tc.dropped[1])
			}
		})
	}
}

func aggregated[V any](t *testing.T, v V, draw func(*stream.Grouped[string, V])) (values string, dropped int64) {
	t.Helper()
	in := topology.NewTopic[string, V]("in")
	b := topology.New("aggregations")
	draw(stream.From(b, in).GroupByKey())
	d := testkit.New(t, build(t, b))
	d.Input(in).Pipe("k", v, 0)
	d.Input(in).PipeNull("k", 0)
	d.Input(in).PipeNullKey(v, 0)
	d.Input(in).PipeRecord(stream.Record[string, V]{NullKey: true, Null: true})
	var all []string
	for _, p := range d.Produced() {
		all = append(all, string(p.Value))
	}
	return strings.Join(all, " "), d.Dropped()
}
