package stream_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

var (
	lefts    = topology.NewTopic[string, string]("lefts")
	rights   = topology.NewTopic[string, string]("rights")
	tenMs    = window.Joined(10*time.Millisecond, 5*time.Millisecond)
	joinName = topology.As("j")
)

type texts = *stream.Stream[string, string]

func both(l, r string) string { return l + r }

func leftOnly(l, r string, ok bool) string {
	if !ok {
		return l + "?" + r
	}
	return l + r
}

func either(l string, okL bool, r string, okR bool) string {
	switch {
	case !okL:
		return l + "?" + r
	case !okR:
		return l + r + "?"
	default:
		return l + r
	}
}

// results are what came out of text.
func results(d *testkit.Driver) string {
	var got []string
	for _, r := range d.Output(text).ReadAll() {
		got = append(got, r.String())
	}
	return strings.Join(got, ", ")
}

// joining draws a join of lefts and rights to text.
func joining(t *testing.T, draw func(l, r texts) texts, opts ...testkit.Option) *testkit.Driver {
	t.Helper()
	b := topology.New("join")
	draw(stream.From(b, lefts), stream.From(b, rights)).To(text)
	return testkit.New(t, build(t, b), opts...)
}

// A null key has no partner and a null value is nothing to join: both are dropped and counted, but for null keys of a side that is kept.
func TestJoinStreamOfNulls(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		draw    func(l, r texts) texts
		want    string
		dropped int64
	}{
		{"JoinStream", func(l, r texts) texts { return l.JoinStream(r, tenMs, both, joinName) }, "k -> lr at 3", 6},
		{"LeftJoinStream", func(l, r texts) texts { return l.LeftJoinStream(r, tenMs, leftOnly, joinName) }, "null -> nl? at 0, k -> lr at 3", 5},
		{"OuterJoinStream", func(l, r texts) texts { return l.OuterJoinStream(r, tenMs, either, joinName) }, "null -> nl? at 0, null -> ?nr at 0, k -> lr at 3", 4},
		{"OuterJoinStream, re-keyed", func(l, r texts) texts {
			// SelectKey drops nulls already, and gives what has no key one.
			key := func(k, _ string) string { return k }
			return l.SelectKey(key).OuterJoinStream(r, tenMs, either, joinName)
		}, "null -> ?nr at 0, k -> lr at 3", 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d := joining(t, tc.draw)
			d.Input(lefts).PipeNullKey("nl", 0)
			d.Input(rights).PipeNullKey("nr", 0)
			for _, in := range []topology.Topic[string, string]{lefts, rights} {
				d.Input(in).PipeNull("k", 1)
				d.Input(in).PipeRecord(stream.Record[string, string]{NullKey: true, Null: true})
			}
			d.Input(lefts).Pipe("k", "l", 2)
			d.Input(rights).Pipe("k", "r", 3)
			if got := results(d); got != tc.want || d.Dropped() != tc.dropped {
				t.Errorf("%s; %d dropped: %s\nwant %s; %d dropped", got, d.Dropped(), d.Skips(), tc.want, tc.dropped)
			}
		})
	}
}

// A nil pointer is a null: as a value it is nothing to join, as a result it is forwarded.
func TestJoinStreamOfPointers(t *testing.T) {
	t.Parallel()
	in, other := topology.NewTopic[string, *string]("in"), topology.NewTopic[string, *string]("other")
	b := topology.New("join")
	stream.From(b, in).JoinStream(stream.From(b, other), tenMs, func(l, r *string) *string {
		if *l == *r {
			return nil
		}
		return l
	}, joinName).ProcessValues(deref).To(text)
	d := testkit.New(t, build(t, b))
	x, y := "x", "y"
	d.Input(in).Pipe("k", &x, 0)
	d.Input(in).Pipe("k", nil, 1)
	d.Input(other).Pipe("k", &x, 2)
	d.Input(other).Pipe("k", &y, 3)
	if got := results(d); got != "k -> null at 2, k -> x at 3" || d.Dropped() != 1 {
		t.Errorf("%s; %d dropped", got, d.Dropped())
	}
}

// A result has the headers of the record that brought it about, a record without a partner those of the one that moved time on.
func TestJoinStreamHeaders(t *testing.T) {
	t.Parallel()
	d := joining(t, func(l, r texts) texts { return l.OuterJoinStream(r, tenMs, either, joinName) })
	pipe := func(in topology.Topic[string, string], k, v string, at int64) {
		d.Input(in).PipeRecord(stream.Record[string, string]{Key: k, Value: v, Timestamp: at, Headers: []stream.Header{{Key: "of", Value: []byte(v)}}})
	}
	pipe(lefts, "a", "l0", 10)
	pipe(rights, "a", "r1", 5)
	pipe(rights, "b", "r2", 12)
	pipe(lefts, "c", "l3", 40)
	var got []string
	for _, r := range d.Output(text).ReadAll() {
		got = append(got, r.String())
	}
	if diff := cmp.Diff([]string{"a -> l0r1 at 10 of=r1", "b -> ?r2 at 12 of=l3"}, got); diff != "" {
		t.Error(diff)
	}
}

// Both sides are brought together by their new keys, over several partitions; a record that has no key passes too, where it is kept.
func TestJoinStreamRekeyed(t *testing.T) {
	t.Parallel()
	in, other := topology.NewTopic[string, *string]("in"), topology.NewTopic[string, *string]("other")
	first := func(_ string, v *string) *string {
		if v == nil || *v == "-" {
			return nil
		}
		k := (*v)[:1]
		return &k
	}
	b := topology.New("join")
	stream.From(b, in).SelectKey(first).
		LeftJoinStream(stream.From(b, other).SelectKey(first), tenMs, func(l, r *string, ok bool) string {
			if !ok {
				return *l + "?"
			}
			return *l + *r
		}, joinName).
		Map(func(_ *string, v string) (string, string) { return "", v }).To(text)
	d := testkit.New(t, build(t, b), testkit.TopicPartitions("in", 2), testkit.TopicPartitions("other", 5))
	for i, v := range []string{"a1", "b1", "c1", "-", "d1"} {
		d.Input(in).Pipe(v, &v, int64(i))
	}
	for i, v := range []string{"c2", "a2", "d2", "-", "b2"} {
		d.Input(other).Pipe(v, &v, int64(i))
	}
	got := d.Output(text).Values()
	slices.Sort(got)
	if diff := cmp.Diff([]string{"-?", "a1a2", "b1b2", "c1c2", "d1d2"}, got); diff != "" || d.Dropped() != 1 {
		t.Errorf("%d dropped: %s", d.Dropped(), diff)
	}
}

// Wherever null keys are kept further on, a repartition keeps them: what reads it meanwhile may see them.
func TestLeftJoinsKeepNullKeys(t *testing.T) {
	t.Parallel()
	in := topology.NewTopic[string, *string]("in")
	none := func(string, *string) *string { return nil }
	one := func(v *string, _ string, ok bool) string { return fmt.Sprint(*v, ok) }
	for name, draw := range map[string]func(b *topology.Builder, s *stream.Stream[*string, *string]) *stream.Stream[*string, string]{
		"LeftJoinTable": func(b *topology.Builder, s *stream.Stream[*string, *string]) *stream.Stream[*string, string] {
			return s.LeftJoinTable(table.From(b, topology.NewTopic[*string, string]("rows")), one, joinName)
		},
		"LeftJoinGlobal, behind a repartition": func(b *topology.Builder, s *stream.Stream[*string, *string]) *stream.Stream[*string, string] {
			rows := table.FromGlobal(b, topology.NewTopic[*string, string]("rows"), topology.As("rows"))
			return s.Repartition(topology.As("r")).LeftJoinGlobal(rows, func(k, _ *string) *string { return k }, one, joinName)
		},
	} {
		b := topology.New("left")
		draw(b, stream.From(b, in).SelectKey(none)).Map(func(_ *string, v string) (string, string) { return "", v }).To(text)
		d := testkit.New(t, build(t, b))
		v := "v"
		d.Input(in).Pipe("k", &v, 0)
		if got := results(d); got != " -> vfalse at 0" {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// A stream that is joined with itself meets itself, and each pair twice.
func TestJoinStreamWithItself(t *testing.T) {
	t.Parallel()
	d := joining(t, func(l, _ texts) texts { return l.JoinStream(l, tenMs, both, joinName) })
	d.Input(lefts).Pipe("k", "a", 0)
	d.Input(lefts).Pipe("k", "b", 7)
	if got := results(d); got != "k -> aa at 0, k -> ba at 7, k -> ab at 7, k -> bb at 7" {
		t.Error(got)
	}
}

// A late record finds what is still kept; one that is too late for its store is counted, but finds its partners too.
func TestJoinStreamOfLateRecords(t *testing.T) {
	t.Parallel()
	d := joining(t, func(l, r texts) texts { return l.JoinStream(r, tenMs, both, joinName, topology.InMemory()) })
	d.Input(lefts).Pipe("k", "l100", 100)
	d.Input(rights).Pipe("k", "r200", 200)
	d.Input(rights).Pipe("k", "r105", 105) // 25 ms are kept
	d.Input(lefts).Pipe("k", "l106", 106)
	want := "k -> l100r105 at 105"
	if got := results(d); got != want || d.Dropped() != 1 || !strings.Contains(d.Skips()[0], "too late to be kept") {
		t.Errorf("%s; %s, want %s and one record dropped", got, d.Skips(), want)
	}
}

var errBad = errors.New("bad")

// A record that is left out because what it led to failed has not moved time either: nothing closes by it.
func TestJoinStreamForgetsAFailedRecord(t *testing.T) {
	t.Parallel()
	d := joining(t, func(l, r texts) texts {
		return l.OuterJoinStream(r, tenMs, either, joinName).ProcessValues(func(_ context.Context, r stream.Record[string, string]) (string, error) {
			if strings.Contains(r.Value, "bad") {
				return "", errBad
			}
			return r.Value, nil
		})
	}, testkit.SkipErrors())
	d.Input(lefts).Pipe("k", "l", 0)
	d.Input(lefts).PipeNullKey("bad", 100)
	d.Input(rights).Pipe("k", "bad", 1)
	d.Input(rights).Pipe("k", "r", 2)
	d.Input(rights).Pipe("k", "r", 3)
	d.Input(rights).Pipe("x", "bad", 4)
	d.Input(lefts).Pipe("y", "l", 50) // the one of x fails as it closes, at the cost of this record
	d.Input(lefts).Pipe("z", "l", 9)
	if got := results(d); got != "k -> lr at 2, k -> lr at 3" || d.Dropped() != 3 {
		t.Errorf("%s; %s", got, d.Skips())
	}
}

// lopsided decodes nothing that it has encoded.
type lopsided struct{ serde.Serde[string] }

func (lopsided) Decode([]byte) (string, error) { return "", errBad }

// A value serde that is given is that of the side whose type it has, and what its store cannot decode is the store's fault.
func TestJoinStreamSerdes(t *testing.T) {
	t.Parallel()
	numbers := topology.NewTopic[string, int64]("numbers")
	b := topology.New("join")
	stream.From(b, lefts).
		MapValues(func(v string) string { return v + "!" }).
		JoinStream(stream.From(b, numbers), tenMs, func(l string, n int64) string { return l + digits(n) }, joinName,
			topology.WithValueSerde[string](lopsided{serde.String()})).
		To(text)
	topo := build(t, b)
	var f failed
	d := testkit.New(&f, topo, testkit.Once())
	d.Input(numbers).Pipe("k", 1, 0)
	d.Input(lefts).Pipe("k", "l", 1)
	if got := results(d); got != "k -> l!1 at 1" {
		t.Error(got)
	}
	d.Input(numbers).Pipe("k", 2, 2)
	if !strings.Contains(string(f), `a record of key "k" does not decode: bad: the store is damaged`) {
		t.Errorf("the test failed with: %s", f)
	}
}

// mute encodes no "mute".
type mute struct{ serde.Serde[string] }

func (m mute) Append(dst []byte, v string) ([]byte, error) {
	if v == "mute" {
		return dst, errBad
	}
	return m.Serde.Append(dst, v)
}

// A key or a value that does not encode is its record's fault: the record is left out where the policy says so, and has done nothing.
func TestJoinStreamOfWhatDoesNotEncode(t *testing.T) {
	t.Parallel()
	for _, o := range []topology.Option{topology.WithKeySerde[string](mute{serde.String()}), topology.WithValueSerde[string](mute{serde.String()})} {
		d := joining(t, func(l, r texts) texts { return l.OuterJoinStream(r, tenMs, either, joinName, o) }, testkit.SkipErrors())
		d.Input(lefts).Pipe("k", "l", 0)
		d.Input(lefts).Pipe("mute", "mute", 100)
		d.Input(rights).Pipe("k", "r", 1)
		if got := results(d); got != "k -> lr at 1" || d.Dropped() != 1 || !strings.Contains(d.Skips()[0], "does not encode: bad") {
			t.Errorf("%s; %s", got, d.Skips())
		}
	}
}

// What waits and does not decode is the store's fault too.
func TestJoinStreamCannotGiveWhatWaits(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]topology.Option{
		"key": topology.WithKeySerde[string](lopsided{serde.String()}), "value": topology.WithValueSerde[string](lopsided{serde.String()}),
	} {
		b := topology.New("join")
		stream.From(b, lefts).LeftJoinStream(stream.From(b, rights), tenMs, leftOnly, joinName, o).
			Map(func(_, v string) (string, string) { return "", v }).To(text)
		var f failed
		d := testkit.New(&f, build(t, b), testkit.Once(), testkit.SkipErrors())
		d.Input(lefts).Pipe("k", "l", 0)
		d.Input(lefts).Pipe("x", "l", 100)
		if !strings.Contains(string(f), `a record of key "k" does not decode: bad: the store is damaged`) {
			t.Errorf("%s: the test failed with: %s", name, f)
		}
	}
}

// Windows do not wrap around at the end of time.
func TestJoinStreamAtTheEndOfTime(t *testing.T) {
	t.Parallel()
	d := joining(t, func(l, r texts) texts { return l.OuterJoinStream(r, tenMs, either, joinName) })
	d.Input(lefts).Pipe("a", "l", math.MaxInt64-20)
	d.Input(lefts).Pipe("k", "l", math.MaxInt64)
	d.Input(rights).Pipe("k", "r", math.MaxInt64)
	d.Input(rights).Pipe("k", "r", math.MaxInt64-1)
	want := fmt.Sprintf("a -> l? at %d, k -> lr at %d, k -> lr at %d", math.MaxInt64-20, math.MaxInt64, math.MaxInt64)
	if got := results(d); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// failed is a test that notes why it failed.
type failed string

func (*failed) Helper()                             {}
func (*failed) Cleanup(func())                      {}
func (f *failed) Errorf(format string, args ...any) { *f += failed(fmt.Sprintf(format, args...)) }
func (f *failed) Fatalf(format string, args ...any) { f.Errorf(format, args...) }
