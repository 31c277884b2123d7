package task_test

import (
	"strings"
	"testing"
	"time"

	"github.com/millrace-go/millrace/serde/wire"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/task"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

// TestBadMessages has workers say what cannot be understood: it is counted with its reason, and the request stays.
func TestBadMessages(t *testing.T) {
	t.Parallel()
	message := func(v int64, id, status string) []byte {
		b := wire.AppendMapLen(nil, 3)
		b = wire.AppendInt(wire.AppendString(b, "v"), v)
		b = wire.AppendString(wire.AppendString(b, "id"), id)
		return wire.AppendString(wire.AppendString(b, "status"), status)
	}
	for _, tt := range []struct {
		name  string
		value func(id string) []byte
		want  string
	}{
		{"a null", func(string) []byte { return nil }, "does not decode"},
		{"nothing", func(string) []byte { return []byte{} }, "does not decode"},
		{"text", func(string) []byte { return []byte("done!") }, "does not decode"},
		{"another version", func(id string) []byte { return message(2, id, "ok") }, "version 2"},
		{"no version", func(id string) []byte {
			return wire.AppendString(wire.AppendString(wire.AppendMapLen(nil, 1), "id"), id)
		}, "no version"},
		{"no id", func(string) []byte { return wire.AppendInt(wire.AppendString(wire.AppendMapLen(nil, 1), "v"), 1) }, "no id"},
		{"an id that nobody gave", func(string) []byte { return message(1, "x", "ok") }, "not waited for"},
		{"a status that is none", func(id string) []byte { return message(1, id, "fine") }, `status "fine"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, task.Options{})
			r.in.Pipe("a", "four", 42)
			q := r.requests.Read().Value
			r.PipeBytes(length.OutputTopic(), []byte("a"), tt.value(q.ID), 0)
			diff(t, "dropped", 1, r.Dropped())
			if s := strings.Join(r.Skips(), "\n"); !strings.Contains(s, tt.want) || !strings.Contains(s, length.OutputTopic()) {
				t.Errorf("the reason is %q, without %q or the topic", s, tt.want)
			}
			r.answer("a", q.Done(int64(4)))
			diff(t, "results", []int64{4}, r.out.Values())
		})
	}
}

// TestNulls has records and results without a value, and records without a key.
func TestNulls(t *testing.T) {
	t.Parallel()
	type text = *string
	nullable := task.Define[text, *int64]("nullable")
	in, out := topology.NewTopic[string, text]("in"), topology.NewTopic[string, *int64]("out")
	b := topology.New("nulls")
	task.External(stream.From(b, in), nullable, task.Options{}, topology.As("pending"), topology.InMemory()).To(out)
	d := testkit.New(t, topology.Must(b.Build()))
	requests, answers := d.Output(nullable.Requests[string]()), d.Input(nullable.Results[string]())
	hi := "hi"
	d.Input(in).Pipe("a", &hi, 1)
	d.Input(in).Pipe("a", &hi, 2)
	d.Input(in).Pipe("b", &hi, 3)
	a1, a2, b1 := requests.Read().Value, requests.Read().Value, requests.Read().Value
	d.Input(in).PipeNull("a", 4)
	four := int64(4)
	answers.Pipe("a", a1.Done(&four), 0)
	answers.Pipe("a", a2.Done(&four), 0)
	answers.Pipe("b", b1.Done[*int64](nil), 0)
	d.Input(in).PipeNullKey(&hi, 5)
	q := requests.Read()
	diff(t, "null key", true, q.NullKey)
	answers.PipeTo(0, stream.Record[string, task.Result[*int64]]{NullKey: true, Value: q.Value.Done(&four)})
	d.Input(in).PipeRecord(stream.Record[string, text]{NullKey: true, Null: true, Timestamp: 6})
	diff(t, "results", []stream.Record[string, *int64]{
		{Key: "a", Null: true, Timestamp: 4, Topic: "out"},
		{Key: "b", Null: true, Timestamp: 3, Topic: "out"},
		{NullKey: true, Value: &four, Timestamp: 5, Topic: "out"},
		{NullKey: true, Null: true, Timestamp: 6, Topic: "out"},
	}, d.Output(out).ReadAll())
	diff(t, "dropped: the results of what was taken back", 2, d.Dropped())
	diff(t, "rows", 0, len(d.Rows[[]byte, []byte]("pending")))
}

// TestIdentity has equal records, and one record that asks several times: each has its own request.
func TestIdentity(t *testing.T) {
	t.Parallel()
	b := topology.New("identity")
	words := stream.From(b, texts).FlatMapValues(strings.Fields)
	task.External(words, length, task.Options{}).To(lengths)
	topo := topology.Must(b.Build())
	ids := func() []string {
		d := testkit.New(t, topo)
		d.Input(texts).Pipe("k", "a b a a", 1)
		d.Input(texts).Pipe("k", "a b a a", 1)
		d.Input(texts).Pipe("l", "a b a a", 1)
		var list []string
		for _, r := range d.Output(length.Requests[string]()).ReadAll() {
			list = append(list, r.Value.ID)
		}
		return list
	}
	first := ids()
	seen := map[string]bool{}
	for _, id := range first {
		seen[id] = true
	}
	diff(t, "different ids", 12, len(seen))
	diff(t, "ids of the same records in another run", first, ids())
}

// TestPartitions has records in partitions that their keys would not lead to: what belongs to a request stays there.
func TestPartitions(t *testing.T) {
	t.Parallel()
	b := topology.New("partitions")
	rekeyed := stream.From(b, texts).SelectKey(func(string, string) string { return "same" })
	task.External(rekeyed, length, task.Options{}).To(lengths)
	d := testkit.New(t, topology.Must(b.Build()), testkit.Partitions(4))
	for p := range int32(4) {
		d.Input(texts).PipeTo(p, stream.Record[string, string]{Key: "x", Value: strings.Repeat("x", int(p)+1), Timestamp: 1})
	}
	for p, q := range d.Output(length.Requests[string]()).ReadAll() {
		diff(t, "partition", int32(p), q.Partition)
		d.Input(length.Results[string]()).PipeTo(q.Partition, stream.Record[string, task.Result[int64]]{Key: "?", Value: q.Value.Done(int64(len(q.Value.Body)))})
	}
	diff(t, "results", []int64{1, 2, 3, 4}, d.Output(lengths).Values())
}

// TestTime has results whose records bear the time of the worker's clock: stream time is that of the requests.
func TestTime(t *testing.T) {
	t.Parallel()
	b := topology.New("time")
	task.External(stream.From(b, texts), length, task.Options{}).
		Process(func(c *stream.Context[string, int64]) (func(stream.Record[string, int64]) error, error) {
			return func(r stream.Record[string, int64]) error {
				r.Value = c.StreamTime()
				return c.Forward(r)
			}, nil
		}).To(lengths)
	d := testkit.New(t, topology.Must(b.Build()), testkit.StartAt(time.Now().UnixMilli()))
	d.Input(texts).Pipe("a", "four", 42)
	d.Input(texts).Pipe("b", "four", 99)
	for _, q := range d.Output(length.Requests[string]()).ReadAll() {
		d.Input(length.Results[string]()).Pipe(q.Key, q.Value.Done(int64(4)), time.Now().UnixMilli())
	}
	diff(t, "stream times", []int64{99, 99}, d.Output(lengths).Values())
}
