package stream_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/state"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

var place = regexp.MustCompile(`_test\.go:\d+`)

// ProcessValues sees where a record came from, and may refuse it; the others go on.
func TestProcessValues(t *testing.T) {
	t.Parallel()
	in := topology.NewTopic[string, string]("in")
	b := topology.New("process-values")
	type key struct{}
	stream.From(b, in).
		ProcessValues(func(ctx context.Context, r stream.Record[string, string]) (string, error) {
			if r.Value == "bad" {
				return "", errors.New("no such channel: add it to the experiment")
			}
			if ctx.Err() != nil || ctx.Value(key{}) != nil {
				return "", errors.New("not the driver's context")
			}
			return fmt.Sprintf("%s %s/%d/%d null=%v nullKey=%v headers=%d", r.Value, r.Topic, r.Partition, r.Offset, r.Null, r.NullKey, len(r.Headers)), nil
		}, topology.As("channels")).
		To(text)
	d := testkit.New(t, build(t, b), testkit.SkipErrors(), testkit.Partitions(2))
	d.Input(in).PipeTo(1, stream.Record[string, string]{Key: "k", Value: "a", Headers: []stream.Header{{Key: "h"}}})
	d.Input(in).PipeTo(1, stream.Record[string, string]{Key: "k", Value: "bad"})
	d.Input(in).PipeTo(1, stream.Record[string, string]{NullKey: true, Null: true})
	want := []string{"a in/1/0 null=false nullKey=false headers=1", " in/1/2 null=true nullKey=true headers=0"}
	if diff := cmp.Diff(want, d.Output(text).Values()); diff != "" {
		t.Error(diff)
	}
	wantSkips := []string{"channels (process_test.go:N): no such channel: add it to the experiment: topic in, partition 1, offset 1"}
	if diff := cmp.Diff(wantSkips, skips(d)); diff != "" {
		t.Error(diff)
	}
}

func skips(d *testkit.Driver) []string {
	var all []string
	for _, s := range d.Skips() {
		all = append(all, place.ReplaceAllString(s, "_test.go:N"))
	}
	return all
}

// A failure further down is the failing operator's, wherever Forward was called.
func TestErrorsNameTheOperatorThatFailed(t *testing.T) {
	t.Parallel()
	in := topology.NewTopic[string, string]("in")
	b := topology.New("errors")
	bad := errors.New("bad")
	stream.From(b, in).
		Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
			return func(r stream.Record[string, string]) error { return c.Forward(r) }, nil
		}, topology.As("forwards")).
		ProcessValues(func(context.Context, stream.Record[string, string]) (string, error) { return "", bad }, topology.As("fails"))
	d := testkit.New(t, build(t, b), testkit.SkipErrors())
	d.Input(in).Pipe("k", "v", 0)
	if diff := cmp.Diff([]string{"fails (process_test.go:N): bad: topic in, partition 0, offset 0"}, skips(d)); diff != "" {
		t.Error(diff)
	}
}

// Two stores and both clocks: images are counted per plate, a total is told each second of stream time, and plates
// that have been idle by the wall clock are told and forgotten.
func TestProcessWithStoresAndPunctuations(t *testing.T) {
	t.Parallel()
	in := topology.NewTopic[string, string]("images")
	b := topology.New("plates")
	counts, seen := state.KeyValue[string, int64]("counts"), state.KeyValue[string, int64]("seen", topology.InMemory())
	stream.From(b, in).Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
		count, err := counts.Open(c)
		if err != nil {
			return nil, err
		}
		last, err := seen.Open(c)
		if err != nil {
			return nil, err
		}
		tell := func(key string, at int64, format string, args ...any) error {
			return c.Forward(stream.Record[string, string]{Key: key, Value: fmt.Sprintf(format, args...), Timestamp: at})
		}
		c.EveryStreamTime(time.Second, func(now int64) error {
			var total int64
			for row, err := range count.All() {
				if err != nil {
					return err
				}
				total += row.Value
			}
			return tell("total", now, "%d images, stream time %d", total, c.StreamTime())
		})
		c.Every(10*time.Second, func(now int64) error {
			for row, err := range last.All() {
				if err != nil {
					return err
				}
				if now-row.Value < 20_000 {
					continue
				}
				if err := errors.Join(last.Delete(row.Key), tell(row.Key, now, "idle since %d", row.Value)); err != nil {
					return err
				}
			}
			return nil
		})
		return func(r stream.Record[string, string]) error {
			n, _, err := count.Get(r.Key)
			return errors.Join(err, count.Put(r.Key, n+1), last.Put(r.Key, c.WallTime()))
		}, nil
	}, topology.WithStores(counts, seen)).To(text)
	d := testkit.New(t, build(t, b))
	for _, x := range []struct {
		plate   string
		at      int64
		advance time.Duration
	}{{"p1", 300, 15 * time.Second}, {"p2", 500, 10 * time.Second}, {"p2", 1200, 0}, {"p1", 4000, 25 * time.Second}} {
		d.Input(in).Pipe(x.plate, "x.tif", x.at)
		d.Advance(x.advance)
	}
	var got []string
	for _, r := range d.Output(text).ReadAll() {
		got = append(got, r.String())
	}
	want := []string{
		"total -> 1 images, stream time 300 at 300",
		"p1 -> idle since 0 at 25000",
		"total -> 3 images, stream time 1200 at 1200",
		"total -> 4 images, stream time 4000 at 4000",
		"p1 -> idle since 25000 at 50000",
		"p2 -> idle since 25000 at 50000",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]testkit.Row[string, int64]{{Key: "p1", Value: 2, Timestamp: 4000}, {Key: "p2", Value: 2, Timestamp: 1200}},
		d.Rows[string, int64]("counts")); diff != "" {
		t.Error(diff)
	}
	if n := len(d.Rows[string, int64]("seen")); n != 0 {
		t.Errorf("%d plates are still waited for", n)
	}
}

// A punctuation ends when it is cancelled, by itself or by a record; one can be made by a record.
func TestPunctuationsEnd(t *testing.T) {
	t.Parallel()
	in := topology.NewTopic[string, string]("in")
	b := topology.New("cancel")
	stream.From(b, in).Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
		tell := func(name string) func(int64) error {
			return func(now int64) error {
				return c.Forward(stream.Record[string, string]{Key: name, Value: digits(now)})
			}
		}
		stop := c.Every(time.Second, tell("stopped by a record"))
		var once func()
		once = c.Every(time.Second, func(now int64) error { once(); return tell("once")(now) })
		return func(r stream.Record[string, string]) error {
			if r.Value == "stop" {
				stop()
				return nil
			}
			c.Every(2*time.Second, tell("late"))
			return nil
		}, nil
	}).To(text)
	d := testkit.New(t, build(t, b))
	d.Advance(time.Second)
	d.Input(in).Pipe("k", "start", 0)
	d.Advance(time.Second)
	d.Input(in).Pipe("k", "stop", 0)
	d.Advance(time.Second)
	d.Advance(2 * time.Second)
	got := map[string][]string{}
	for _, r := range d.Output(text).ReadAll() {
		got[r.Key] = append(got[r.Key], r.Value)
	}
	want := map[string][]string{"stopped by a record": {"1000", "2000"}, "once": {"1000"}, "late": {"3000", "5000"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// In a punctuation there is no record: what it skips and forwards has no place.
func TestPunctuationHasNoRecord(t *testing.T) {
	t.Parallel()
	in := topology.NewTopic[string, string]("in")
	b := topology.New("no-record")
	stream.From(b, in).Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
		c.EveryStreamTime(time.Second, func(int64) error {
			c.Skip("nothing to tell")
			return c.Forward(stream.Record[string, string]{Key: "k"})
		})
		return func(stream.Record[string, string]) error { return nil }, nil
	}, topology.As("timer")).ProcessValues(func(_ context.Context, r stream.Record[string, string]) (string, error) {
		return fmt.Sprintf("%q %d %d %d", r.Topic, r.Partition, r.Offset, len(r.Headers)), nil
	}).To(text)
	d := testkit.New(t, build(t, b), testkit.Partitions(2))
	d.Input(in).PipeTo(1, stream.Record[string, string]{Key: "k", Headers: []stream.Header{{Key: "h"}}})
	if diff := cmp.Diff([]string{`"" 0 0 0`}, d.Output(text).Values()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"timer (process_test.go:N): nothing to tell: in a punctuation or a commit"}, skips(d)); diff != "" {
		t.Error(diff)
	}
}

// Process leaves the key in doubt, so that what groups after it repartitions; Repartition before it settles the input.
func TestProcessRekeys(t *testing.T) {
	t.Parallel()
	in := topology.NewTopic[string, string]("in")
	b := topology.New("rekeys")
	upper := stream.From(b, in).Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
		return func(r stream.Record[string, string]) error {
			r.Key = strings.ToUpper(r.Key)
			return c.Forward(r)
		}, nil
	})
	stream.Changes(upper.GroupByKey().Count(topology.As("n"))).MapValues(digits).To(text)
	d := testkit.New(t, build(t, b), testkit.Partitions(8))
	for _, k := range []string{"a", "A", "b", "B", "a"} {
		d.Input(in).Pipe(k, "", 0)
	}
	last := map[string]string{}
	for _, r := range d.Output(text).ReadAll() {
		last[r.Key] = r.Value
	}
	if diff := cmp.Diff(map[string]string{"A": "3", "B": "2"}, last); diff != "" {
		t.Error(diff)
	}
}

// A time before the epoch would be dropped by whatever reads the record next.
func TestForwardBeforeTheEpoch(t *testing.T) {
	t.Parallel()
	in := topology.NewTopic[string, string]("in")
	b := topology.New("forward")
	stream.From(b, in).
		Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
			return func(r stream.Record[string, string]) error {
				r.Timestamp -= 5
				return c.Forward(r)
			}, nil
		}, topology.As("earlier")).
		To(text)
	d := testkit.New(t, build(t, b), testkit.SkipErrors())
	d.Input(in).Pipe("k", "a", 5)
	d.Input(in).Pipe("k", "b", 4)
	if diff := cmp.Diff([]string{"a"}, d.Output(text).Values()); diff != "" {
		t.Error(diff)
	}
	if got := strings.Join(d.Skips(), "\n"); !strings.Contains(got, "forward a record at -1: give it a time from 0") {
		t.Errorf("skips: %s", got)
	}
}
