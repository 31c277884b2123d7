package state_test

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/state"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

var (
	commands = topology.NewTopic[string, string]("commands")
	answers  = topology.NewTopic[string, string]("answers")
)

// interpreter runs commands on a store and forwards what they find: "put v", "put-at ms v", "get", "row", "delete",
// "all", "range to", "back to", "prefix", "fail".
func interpreter(t *testing.T, opts ...topology.Option) *topology.Topology {
	t.Helper()
	b := topology.New("interpreter")
	spec := state.KeyValue[string, string]("rows", opts...)
	stream.From(b, commands).Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
		s, err := spec.Open(c)
		if err != nil {
			return nil, err
		}
		return func(r stream.Record[string, string]) error {
			answer, err := interpret(s, r.Key, strings.Fields(r.Value))
			if err != nil || answer == "" {
				return err
			}
			return c.Forward(stream.Record[string, string]{Key: r.Key, Value: answer, Timestamp: r.Timestamp})
		}, nil
	}, topology.WithStores(spec)).To(answers)
	topo, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return topo
}

func interpret(s *state.KeyValueStore[string, string], k string, words []string) (string, error) {
	switch words[0] {
	case "put":
		return "", s.Put(k, words[1])
	case "put-at":
		var at int64
		if _, err := fmt.Sscan(words[1], &at); err != nil {
			return "", err
		}
		return "", s.PutAt(k, words[2], at)
	case "get":
		v, ok, err := s.Get(k)
		return fmt.Sprintf("%q %v", v, ok), err
	case "row":
		r, ok, err := s.GetRow(k)
		return fmt.Sprintf("%s=%s at %d, %v", r.Key, r.Value, r.Timestamp, ok), err
	case "delete":
		return "", s.Delete(k)
	case "all":
		return list(s.All())
	case "range":
		return list(s.Range(k, words[1]))
	case "back":
		return list(s.RangeBackward(k, words[1]))
	case "prefix":
		return list(s.Prefix([]byte(k)))
	case "empty":
		for r, err := range s.All() { // changes the store in the loop
			if err != nil {
				return "", err
			}
			if err := s.Delete(r.Key); err != nil {
				return "", err
			}
		}
		return list(s.All())
	case "first":
		for r, err := range s.All() {
			return r.Key, err
		}
		return "none", nil
	case "put-and-fail":
		if err := s.Put(k, "lost"); err != nil {
			return "", err
		}
		return "", errors.New("refused")
	default:
		return "", fmt.Errorf("no command %q", words[0])
	}
}

func list(rows iter.Seq2[state.Row[string, string], error]) (string, error) {
	var found []string
	for r, err := range rows {
		if err != nil {
			return "", err
		}
		found = append(found, r.Key+"="+r.Value)
	}
	return "[" + strings.Join(found, " ") + "]", nil
}

func TestKeyValue(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name     string
		commands [][2]string
		want     []string
	}{
		{"absent", [][2]string{{"a", "get"}, {"a", "row"}}, []string{`"" false`, "a= at 0, false"}},
		{"put and get", [][2]string{{"a", "put 1"}, {"a", "get"}, {"b", "get"}}, []string{`"1" true`, `"" false`}},
		{"put gives stream time, not the record's", [][2]string{{"a", "put 1"}, {"a", "row"}}, []string{"a=1 at 1, true"}},
		{"put at a time", [][2]string{{"a", "put-at 77 1"}, {"a", "row"}}, []string{"a=1 at 77, true"}},
		{"delete", [][2]string{{"a", "put 1"}, {"a", "delete"}, {"a", "get"}, {"b", "delete"}}, []string{`"" false`}},
		{"all, in order", [][2]string{{"b", "put 2"}, {"a", "put 1"}, {"c", "put 3"}, {"", "all"}}, []string{"[a=1 b=2 c=3]"}},
		{
			"ranges exclude their end",
			[][2]string{{"b", "put 2"}, {"a", "put 1"}, {"c", "put 3"}, {"a", "range c"}, {"a", "back c"}, {"b", "range a"}},
			[]string{"[a=1 b=2]", "[b=2 a=1]", "[]"},
		},
		{"prefix", [][2]string{{"ab", "put 1"}, {"ac", "put 2"}, {"b", "put 3"}, {"a", "prefix"}}, []string{"[ab=1 ac=2]"}},
		{"a loop may delete", [][2]string{{"a", "put 1"}, {"b", "put 2"}, {"", "empty"}}, []string{"[]"}},
		{"a loop may end early", [][2]string{{"a", "put 1"}, {"b", "put 2"}, {"", "first"}}, []string{"a"}},
		{"what a failed record wrote is undone", [][2]string{{"a", "put 1"}, {"a", "put-and-fail"}, {"a", "get"}}, []string{`"1" true`}},
	} {
		for _, opts := range [][]topology.Option{nil, {topology.InMemory()}, {topology.WithoutChangelog()}} {
			for _, every := range []int{1, 100} {
				if every > 1 && strings.Contains(row.name, "failed") {
					continue // the testkit replays with a commit after each record only
				}
				t.Run(fmt.Sprintf("%s/%d options/commit every %d", row.name, len(opts), every), func(t *testing.T) {
					t.Parallel()
					d := testkit.New(t, interpreter(t, opts...), testkit.CommitEvery(every), testkit.SkipErrors())
					for i, c := range row.commands {
						d.Input(commands).Pipe(c[0], c[1], int64(max(0, 1-i))) // the first is the latest
					}
					if diff := cmp.Diff(row.want, d.Output(answers).Values()); diff != "" {
						t.Error(diff)
					}
				})
			}
		}
	}
}

// A value that was put is the store's: a later change through the caller's own reference must not reach it.
func TestPutDoesNotShare(t *testing.T) {
	t.Parallel()
	b := topology.New("sharing")
	spec := state.KeyValue[string, []int]("lists")
	stream.From(b, commands).Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
		s, err := spec.Open(c)
		return func(r stream.Record[string, string]) error {
			mine := []int{1, 2, 3}
			if err := s.Put(r.Key, mine); err != nil {
				return err
			}
			mine[0] = 100
			got, _, err := s.Get(r.Key)
			if err != nil {
				return err
			}
			return c.Forward(stream.Record[string, string]{Key: r.Key, Value: fmt.Sprint(got)})
		}, err
	}, topology.WithStores(spec)).To(answers)
	d := testkit.New(t, topology.Must(b.Build()), testkit.CommitEvery(10))
	d.Input(commands).Pipe("k", "", 0)
	if diff := cmp.Diff([]string{"[1 2 3]"}, d.Output(answers).Values()); diff != "" {
		t.Error(diff)
	}
}

func TestNilDeletes(t *testing.T) {
	t.Parallel()
	b := topology.New("nils")
	spec := state.KeyValue[string, *int64]("numbers")
	stream.From(b, commands).Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
		s, err := spec.Open(c)
		return func(r stream.Record[string, string]) error {
			one := int64(1)
			v := &one
			if r.Value == "nil" {
				v = nil
			}
			return s.Put(r.Key, v)
		}, err
	}, topology.WithStores(spec))
	d := testkit.New(t, topology.Must(b.Build()))
	d.Input(commands).Pipe("k", "one", 0)
	if n := len(d.Rows[string, *int64]("numbers")); n != 1 {
		t.Fatalf("%d rows after a put, want 1", n)
	}
	d.Input(commands).Pipe("k", "nil", 0)
	if n := len(d.Rows[string, *int64]("numbers")); n != 0 {
		t.Errorf("%d rows after putting nil, want none", n)
	}
}

// Two processors that name one store share it, in one task, though nothing else connects them.
func TestTwoProcessorsShareAStore(t *testing.T) {
	t.Parallel()
	more := topology.NewTopic[string, string]("more")
	b := topology.New("shared")
	spec := state.KeyValue[string, string]("rows")
	writer := func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
		s, err := spec.Open(c)
		return func(r stream.Record[string, string]) error { return s.Put(r.Key, r.Value) }, err
	}
	reader := func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
		s, err := spec.Open(c)
		return func(r stream.Record[string, string]) error {
			v, _, err := s.Get(r.Key)
			if err != nil {
				return err
			}
			r.Value = v
			return c.Forward(r)
		}, err
	}
	stream.From(b, commands).Process(writer, topology.WithStores(spec))
	stream.From(b, more).Process(reader, topology.WithStores(spec)).To(answers)
	d := testkit.New(t, topology.Must(b.Build()), testkit.Partitions(3))
	for _, k := range []string{"a", "b", "c", "d"} {
		d.Input(commands).Pipe(k, "value of "+k, 0)
		d.Input(more).Pipe(k, "", 0)
	}
	if diff := cmp.Diff([]string{"value of a", "value of b", "value of c", "value of d"}, d.Output(answers).Values()); diff != "" {
		t.Error(diff)
	}
}

// A store can be filled by a timer as well as by records.
func TestPunctuation(t *testing.T) {
	t.Parallel()
	b := topology.New("timer")
	spec := state.KeyValue[string, int64]("ticks")
	stream.From(b, commands).Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
		s, err := spec.Open(c)
		c.Every(time.Second, func(now int64) error { return s.Put("last", now) })
		return func(stream.Record[string, string]) error { return nil }, err
	}, topology.WithStores(spec))
	d := testkit.New(t, topology.Must(b.Build()))
	d.Advance(1500 * time.Millisecond)
	want := []testkit.Row[string, int64]{{Key: "last", Value: 1500}}
	if diff := cmp.Diff(want, d.Rows[string, int64]("ticks")); diff != "" {
		t.Error(diff)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	type hidden struct{ x int }
	process := func(b *topology.Builder, open func(c *stream.Context[string, string]) error, opts ...topology.Option) {
		stream.From(b, commands).Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
			return func(stream.Record[string, string]) error { return nil }, open(c)
		}, opts...)
	}
	for _, row := range []struct {
		name string
		draw func(b *topology.Builder)
		want string
	}{
		{"forgotten WithStores", func(b *topology.Builder) {
			spec := state.KeyValue[string, string]("rows")
			process(b, func(c *stream.Context[string, string]) error { _, err := spec.Open(c); return err })
		}, `no operator names store "rows"`},
		{"no name", func(b *topology.Builder) {
			spec := state.KeyValue[string, string]("")
			process(b, func(c *stream.Context[string, string]) error { _, err := spec.Open(c); return err }, topology.WithStores(spec))
		}, "cannot name its changelog"},
		{"a type without a serde", func(b *topology.Builder) {
			spec := state.KeyValue[string, hidden]("rows")
			process(b, func(c *stream.Context[string, string]) error { _, err := spec.Open(c); return err }, topology.WithStores(spec))
		}, "no value serde"},
		{"a serde of another type", func(b *topology.Builder) {
			spec := state.KeyValue[string, string]("rows", topology.WithValueSerde(serde.Int64()))
			process(b, func(c *stream.Context[string, string]) error { _, err := spec.Open(c); return err }, topology.WithStores(spec))
		}, "the value serde given is a"},
		{"two of one name", func(b *topology.Builder) {
			one, two := state.KeyValue[string, string]("rows"), state.KeyValue[string, string]("rows")
			process(b, func(c *stream.Context[string, string]) error { _, err := one.Open(c); return err }, topology.WithStores(one, two))
		}, `the name "rows" is taken`},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := topology.New("errors")
			row.draw(b)
			topo, err := b.Build()
			if err == nil {
				var c collector
				testkit.New(&c, topo, testkit.Once())
				err = errors.New(c.failure)
			}
			if !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %q, want it to say %q", err, row.want)
			}
		})
	}
}

// collector is a test that notes how it fails.
type collector struct{ failure string }

func (c *collector) Helper()                           {}
func (c *collector) Cleanup(func())                    {}
func (c *collector) Errorf(format string, args ...any) { c.failure += fmt.Sprintf(format, args...) }
func (c *collector) Fatalf(format string, args ...any) { c.failure += fmt.Sprintf(format, args...) }
