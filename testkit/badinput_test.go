package testkit_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

type (
	texts  = *stream.Stream[string, string]
	groups = *stream.Grouped[string, string]
)

var (
	texta = topology.NewTopic[string, string]("a")
	textb = topology.NewTopic[string, string]("b")
)

func first(v, _ string) string { return v }

// forever is the longest duration that has whole milliseconds: 292 years.
const forever = time.Duration(math.MaxInt64/int64(time.Millisecond)) * time.Millisecond

// What cannot work is refused when the topology is built, or when the driver sees its topics, and says what to change.
func TestBadTopologies(t *testing.T) {
	t.Parallel()
	type opaque struct{ hidden int }
	for name, tc := range map[string]struct {
		draw func(b *topology.Builder)
		want []string // parts of the error
	}{
		"a join of topics with different partition counts": {func(b *topology.Builder) {
			stream.From(b, texta).JoinTable(table.From(b, textb), first)
		}, []string{`topic "a" has 1 partitions and "b" has 2`, "need equally many: recreate one of them, or send one side through Repartition"}},
		"a missing serde": {func(b *topology.Builder) {
			stream.From(b, topology.NewTopic[string, opaque]("a"))
		}, []string{"stream.From: no value serde", "no field is exported", "export what is to be written, or give the type AppendBinary"}},
		"two operators with one name": {func(b *topology.Builder) {
			stream.From(b, texta).Peek(func(_, _ string) {}, topology.As("x")).Peek(func(_, _ string) {}, topology.As("x"))
		}, []string{`peek: the name "x" is taken at badinput_test.go:N`, "give one of them another"}},
		"an operator used after Build": {func(b *topology.Builder) {
			s := stream.From(b, texta)
			if _, err := b.Build(); err != nil {
				b.Graph().Errorf("", "%v", err)
			}
			s.Peek(func(_, _ string) {})
		}, []string{"peek: used after Build: draw the whole topology first"}},
		"a nil callback": {func(b *topology.Builder) {
			stream.From(b, texta).MapValues[string](nil)
		}, []string{"map-values: the mapper is nil: give a function"}},
		"a negative window": {func(b *topology.Builder) {
			windowed(b, window.Tumbling(-time.Second, window.NoGrace))
		}, []string{"Tumbling(-1s, 0s): size is negative: make it at least 0"}},
		"a negative difference": {func(b *topology.Builder) {
			windowed(b, window.Sliding(-time.Second, window.NoGrace))
		}, []string{"Sliding(-1s, 0s)", "is negative: make it at least 0"}},
		"a window between times that never meet": {func(b *topology.Builder) {
			stream.From(b, texta).JoinStream(stream.From(b, textb), window.Joined(time.Second, 0).Before(-2*time.Second), first, topology.As("j"))
		}, []string{"join-stream: window: a JoinWindow from -2000 ms before to 1000 ms after ends before it begins", "make before plus after at least 0"}},
		"an advance beyond the size": {func(b *topology.Builder) {
			windowed(b, window.Hopping(time.Second, time.Minute, window.NoGrace))
		}, []string{"records between windows would be lost: make advance at most the size, 1s"}},
		"a negative grace": {func(b *topology.Builder) {
			windowed(b, window.Tumbling(time.Second, -1))
		}, []string{"grace is negative: make it at least 0"}},
		"a grace of the largest number": {func(b *topology.Builder) {
			windowed(b, window.Tumbling(time.Second, math.MaxInt64))
		}, []string{"grace has a fraction of a millisecond"}},
		"a group that nothing aggregates": {func(b *topology.Builder) {
			stream.From(b, texta).GroupByKey()
		}, []string{"nothing aggregates the groups: call Count, Reduce or Aggregate on them, or leave it out"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failure := fails(t, func(t testkit.TB) {
				b := topology.New("bad")
				tc.draw(b)
				topo, err := b.Build()
				if err != nil {
					t.Fatalf("%v", err)
				}
				testkit.New(t, topo, testkit.TopicPartitions("b", 2))
			})
			if failure == "" {
				t.Fatal("it is accepted")
			}
			if !strings.Contains(failure, "badinput_test.go:N") {
				t.Errorf("the error does not say where: %s", failure)
			}
			for _, part := range tc.want {
				if !strings.Contains(failure, part) {
					t.Errorf("got %s, want it to say %s", failure, part)
				}
			}
		})
	}
}

func windowed(b *topology.Builder, w window.TimeWindow) {
	stream.From(b, texta).GroupByKey().WindowedBy(w).Count(topology.As("n"))
}

// A grace that is longer than time itself is as none: nothing is late, nothing overflows.
func TestGraceOfAges(t *testing.T) {
	t.Parallel()
	for name, draw := range map[string]func(groups){
		"tumbling": func(g groups) { g.WindowedBy(window.Tumbling(time.Second, forever)).Count(topology.As("n")) },
		"sliding":  func(g groups) { g.WindowedBy(window.Sliding(time.Second, forever)).Count(topology.As("n")) },
		"session":  func(g groups) { g.WindowedBySession(window.Session(time.Second, forever)).Count(topology.As("n")) },
		"both":     func(g groups) { g.WindowedBy(window.Tumbling(forever, forever)).Count(topology.As("n")) },
		"final": func(g groups) {
			g.WindowedBy(window.Tumbling(time.Second, forever)).Count(topology.As("n"), topology.EmitOnWindowClose())
		},
		"final sessions": func(g groups) {
			g.WindowedBySession(window.Session(forever, forever)).Count(topology.As("n"), topology.EmitOnWindowClose())
		},
		"suppressed": func(g groups) {
			table.SuppressUntilWindowCloses(g.WindowedBy(window.Tumbling(time.Second, forever)).Count(topology.As("n")), topology.As("s"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := topology.New("ages")
			draw(stream.From(b, texta).GroupByKey())
			d := testkit.New(t, build(t, b))
			for _, at := range []int64{0, 4_102_444_800_000, 5, math.MaxInt64 / 4} {
				d.Input(texta).Pipe("k", "v", at)
			}
			if n := d.Dropped(); n != 0 {
				t.Errorf("%d records are dropped: %v", n, d.Skips())
			}
		})
	}
}

// What comes and cannot be used is dropped and counted, as Kafka Streams counts it (dropped-records), with the reason; in a
// running application the counter is millrace.records.dropped.
func TestCountedSkips(t *testing.T) {
	t.Parallel()
	const noKey, noValue, late = "no key", "no value", "late"
	pipes := map[string]func(d *testkit.Driver){
		noKey:   func(d *testkit.Driver) { d.Input(texta).PipeNullKey("v", 1) },
		noValue: func(d *testkit.Driver) { d.Input(texta).PipeNull("k", 1) },
		late: func(d *testkit.Driver) {
			d.Input(texta).Pipe("k", "v", 10_000)
			d.Input(texta).Pipe("k", "v", 1)
		},
	}
	for _, tc := range []struct {
		name  string
		draw  func(b *topology.Builder, s texts)
		drops map[string]string // what is dropped: the reason
	}{
		{"count", func(_ *topology.Builder, s texts) { s.GroupByKey().Count(topology.As("n")) }, map[string]string{
			noKey: "n: null key", noValue: "n: null key or value", late: "",
		}},
		{"tumbling", func(_ *topology.Builder, s texts) {
			s.GroupByKey().WindowedBy(window.Tumbling(time.Second, 0)).Count(topology.As("n"))
		}, map[string]string{noKey: "n: null key", noValue: "", late: "n: late: its window has closed"}},
		{"sliding", func(_ *topology.Builder, s texts) {
			s.GroupByKey().WindowedBy(window.Sliding(time.Second, 0)).Count(topology.As("n"))
		}, map[string]string{noKey: "n: null key", late: "n: late: its window has closed"}},
		{"session", func(_ *topology.Builder, s texts) {
			s.GroupByKey().WindowedBySession(window.Session(time.Second, 0)).Count(topology.As("n"))
		}, map[string]string{noKey: "n: null key", noValue: "", late: "n: late: its session has closed"}},
		{"table", func(_ *topology.Builder, s texts) { s.ToTable(topology.As("n")) }, map[string]string{noKey: "n: null key", noValue: "", late: ""}},
		{"join with a table", func(b *topology.Builder, s texts) { s.JoinTable(table.From(b, textb), first, topology.As("n")) }, map[string]string{
			noKey: "n: null key", noValue: "n: null key or value", late: "",
		}},
		{"left join with a table", func(b *topology.Builder, s texts) {
			s.LeftJoinTable(table.From(b, textb), func(v, _ string, _ bool) string { return v }, topology.As("n"))
		}, map[string]string{noKey: "", noValue: "n: null key or value", late: ""}},
		{"join of streams", func(b *topology.Builder, s texts) {
			s.JoinStream(stream.From(b, textb), window.Joined(time.Second, 0), first, topology.As("n"))
		}, map[string]string{noKey: "null key", noValue: "null key or value"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for what, reason := range tc.drops {
				b := topology.New("skips")
				tc.draw(b, stream.From(b, texta))
				d := testkit.New(t, build(t, b))
				pipes[what](d)
				var want int64
				if reason != "" {
					want = 1
				}
				skips := strings.Join(d.Skips(), "\n")
				if d.Dropped() != want || !strings.Contains(unplaced(skips), reason) {
					t.Errorf("%s: %d dropped, want %d and reason %q:\n%s", what, d.Dropped(), want, reason, skips)
				}
			}
		})
	}
}

// unplaced is a skip without the place of its operator.
func unplaced(s string) string {
	at := place.FindStringIndex(s)
	if at == nil {
		return s
	}
	return fmt.Sprint(strings.TrimSuffix(s[:strings.LastIndex(s[:at[0]], " (")], " "), strings.TrimPrefix(s[at[1]:], ")"))
}

// The skip of a session tells enough to find the record.
func TestSkipNamesTheRecord(t *testing.T) {
	t.Parallel()
	b := topology.New("skips")
	stream.From(b, texta).GroupByKey().WindowedBy(window.Tumbling(time.Second, 0)).Count(topology.As("n"))
	d := testkit.New(t, build(t, b))
	pipeLate := []int64{10_000, 1}
	for _, at := range pipeLate {
		d.Input(texta).Pipe("k", "v", at)
	}
	var got []string
	for _, s := range d.Skips() {
		got = append(got, place.ReplaceAllString(s, "_test.go:N"))
	}
	want := []string{"n (badinput_test.go:N): late: its window has closed: topic a, partition 0, offset 1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
