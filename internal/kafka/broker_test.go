package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/kafka"
	"github.com/millrace-go/millrace/internal/transport"
)

const soon = 30 * time.Second

func open(t *testing.T) (*kafka.Client, string) {
	t.Helper()
	bootstrap := brokertest.Bootstrap(t)
	c, err := kafka.Open(t.Context(), kafka.Config{Bootstrap: bootstrap})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, bootstrap
}

func newTopic(t *testing.T, bootstrap string, partitions int32) string {
	t.Helper()
	name := brokertest.UniqueName(t, "topic")
	brokertest.Topics(t, bootstrap, brokertest.Topic{Name: name, Partitions: partitions})
	return name
}

func fetcher(t *testing.T, c *kafka.Client, ps ...transport.Position) transport.Fetcher {
	t.Helper()
	f, err := c.NewFetcher(transport.FetcherConfig{Name: "test", Group: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := f.Assign(ps); err != nil {
		t.Fatal(err)
	}
	return f
}

// read polls until the partition ends at next, and returns the offsets.
func read(t *testing.T, f transport.Fetcher, next int64) []int64 {
	t.Helper()
	var got []int64
	for deadline := time.Now().Add(soon); time.Now().Before(deadline); {
		batches, err := f.Poll(50 * time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range batches {
			for _, r := range b.Records {
				got = append(got, r.Offset)
			}
			if b.End && b.Next == next {
				return got
			}
		}
	}
	t.Fatalf("read %v, and the partition did not end at %d", got, next)
	return nil
}

func producer(t *testing.T, c *kafka.Client, id string) transport.Producer {
	t.Helper()
	p, err := c.NewProducer(transport.ProducerConfig{ID: id, Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	if err := p.Init(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p
}

func send(t *testing.T, p transport.Producer, topic string, values ...string) {
	t.Helper()
	for _, v := range values {
		if err := p.Produce(t.Context(), topic, &graph.Effect{Value: []byte(v), Timestamp: 1}); err != nil {
			t.Fatal(err)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestTransactions: what was aborted is not read, what is open not yet; ends count the markers.
func TestTransactions(t *testing.T) {
	t.Parallel()
	c, bootstrap := open(t)
	topic := newTopic(t, bootstrap, 1)
	p := producer(t, c, brokertest.UniqueName(t, "id"))
	must(t, p.Begin())
	send(t, p, topic, "a", "b")
	must(t, p.Commit(t.Context(), nil, nil)) // 0, 1, and the marker
	must(t, p.Begin())
	send(t, p, topic, "c")
	must(t, p.Abort(t.Context())) // 3 and the marker
	must(t, p.Begin())
	send(t, p, topic, "d")
	must(t, p.Flush(t.Context()))
	f := fetcher(t, c, transport.Position{Topic: topic, Offset: transport.None})
	if diff := cmp.Diff([]int64{0, 1}, read(t, f, 5)); diff != "" {
		t.Errorf("while a transaction is open (-want +got):\n%s", diff)
	}
	must(t, p.Commit(t.Context(), nil, nil))
	if diff := cmp.Diff([]int64{5}, read(t, f, 7)); diff != "" {
		t.Errorf("after it (-want +got):\n%s", diff)
	}
}

// TestFenced: a producer whose id another one has taken is of no more use, and what it had begun is gone.
func TestFenced(t *testing.T) {
	t.Parallel()
	c, bootstrap := open(t)
	topic, id := newTopic(t, bootstrap, 1), brokertest.UniqueName(t, "id")
	old := producer(t, c, id)
	must(t, old.Begin())
	send(t, old, topic, "old")
	must(t, old.Flush(t.Context()))
	young := producer(t, c, id)
	must(t, young.Begin())
	send(t, young, topic, "young")
	must(t, young.Commit(t.Context(), nil, nil))
	if err := old.Commit(t.Context(), nil, nil); !errors.Is(err, transport.ErrProducer) {
		t.Errorf("commit of the fenced producer: %v", err)
	}
	if got := brokertest.All(t, bootstrap, topic); len(got) != 1 || string(got[0].Value) != "young" {
		t.Errorf("the topic holds %v", got)
	}
}

// TestTimestamps: event times arrive as they are, or, at the first moment of the epoch, a millisecond later.
func TestTimestamps(t *testing.T) {
	t.Parallel()
	c, bootstrap := open(t)
	topic := newTopic(t, bootstrap, 1)
	p := producer(t, c, "")
	for _, at := range []int64{1_700_000_000_000, 1, 0} {
		must(t, p.Produce(t.Context(), topic, &graph.Effect{Value: []byte("v"), Timestamp: at}))
	}
	must(t, p.Flush(t.Context()))
	var got []int64
	for _, r := range brokertest.All(t, bootstrap, topic) {
		got = append(got, r.Timestamp.UnixMilli())
	}
	if diff := cmp.Diff([]int64{1_700_000_000_000, 1, 1}, got); diff != "" {
		t.Errorf("timestamps (-want +got):\n%s", diff)
	}
}

// TestNulls: what is null and what is empty stay apart, in keys, values and headers, on the way out and back.
func TestNulls(t *testing.T) {
	t.Parallel()
	c, bootstrap := open(t)
	topic := newTopic(t, bootstrap, 1)
	want := []graph.Raw{
		{Offset: 0, Timestamp: 1},
		{Offset: 1, Timestamp: 2, Key: []byte{}, Value: []byte{}},
		{Offset: 2, Timestamp: 3, Key: []byte{}, Headers: []graph.Header{{Key: "h"}, {Key: "", Value: []byte{}}}},
		{Offset: 3, Timestamp: 4, Value: []byte{}},
	}
	p := producer(t, c, "")
	for _, r := range want {
		must(t, p.Produce(t.Context(), topic, &graph.Effect{Key: r.Key, Value: r.Value, Headers: r.Headers, Timestamp: r.Timestamp}))
	}
	must(t, p.Flush(t.Context()))
	f := fetcher(t, c, transport.Position{Topic: topic, Offset: transport.None})
	var got []graph.Raw
	for deadline := time.Now().Add(soon); len(got) < len(want) && time.Now().Before(deadline); {
		batches, err := f.Poll(50 * time.Millisecond)
		must(t, err)
		for _, b := range batches {
			got = append(got, b.Records...)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// TestTooLarge: the broker refuses a record for what it is, with and without a transaction.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	c, bootstrap := open(t)
	topic := newTopic(t, bootstrap, 1)
	huge := &graph.Effect{Value: []byte(strings.Repeat("x", 2<<20))}
	for _, id := range []string{"", brokertest.UniqueName(t, "id")} {
		p := producer(t, c, id)
		if id != "" {
			must(t, p.Begin())
		}
		err := p.Produce(t.Context(), topic, huge)
		if err == nil {
			err = p.Flush(t.Context())
		}
		if !errors.Is(err, transport.ErrRecord) || !strings.Contains(err.Error(), topic) {
			t.Errorf("id %q: %v", id, err)
		}
	}
}

// TestPause: a paused partition goes on where its last batch ended.
func TestPause(t *testing.T) {
	t.Parallel()
	c, bootstrap := open(t)
	topic := newTopic(t, bootstrap, 1)
	records := make([]brokertest.Record, 5000)
	for i := range records {
		records[i].Value = fmt.Append(nil, i)
	}
	brokertest.Produce(t, bootstrap, topic, records...)
	at := transport.Partition{Topic: topic}
	f := fetcher(t, c, transport.Position{Partition: at, Offset: 10})
	next := int64(10)
	for deadline := time.Now().Add(soon); next < 5000; {
		if time.Now().After(deadline) {
			t.Fatalf("stuck at offset %d", next)
		}
		batches, err := f.Poll(50 * time.Millisecond)
		must(t, err)
		for _, b := range batches {
			for _, r := range b.Records {
				if r.Offset != next || string(r.Value) != fmt.Sprint(next) {
					t.Fatalf("offset %d (%q) came instead of %d", r.Offset, r.Value, next)
				}
				next++
			}
		}
		if len(batches) > 0 {
			must(t, f.Pause([]transport.Partition{at}))
			must(t, f.Resume([]transport.Partition{at}))
		}
	}
}

// TestAdmin makes, describes and purges topics.
func TestAdmin(t *testing.T) {
	t.Parallel()
	c, bootstrap := open(t)
	ctx, name := t.Context(), brokertest.UniqueName(t, "topic")
	brokertest.DeleteTopics(t, bootstrap, name)
	spec := transport.TopicSpec{Name: name, Partitions: 2, Config: map[string]string{"cleanup.policy": "compact"}}
	must(t, c.Create(ctx, []transport.TopicSpec{spec}))
	must(t, c.Create(ctx, []transport.TopicSpec{spec})) // again is no error
	await(t, func() bool {
		found, err := c.Topics(ctx, []string{name, name + "-absent"})
		must(t, err)
		return len(found) == 1 && found[name].Partitions == 2 && found[name].ID != ""
	})
	configs, err := c.Configs(ctx, []string{name})
	must(t, err)
	if got := configs[name]["cleanup.policy"]; got != "compact" {
		t.Errorf("cleanup.policy is %q", got)
	}
	log := newTopic(t, bootstrap, 2)
	brokertest.ProduceTo(t, bootstrap, log, brokertest.Record{Partition: 1}, brokertest.Record{Partition: 1}, brokertest.Record{Partition: 1})
	zero, one := transport.Partition{Topic: log}, transport.Partition{Topic: log, Index: 1}
	must(t, c.Purge(ctx, []transport.Position{{Partition: one, Offset: 2}}))
	starts, err := c.Starts(ctx, []transport.Partition{zero, one})
	must(t, err)
	ends, err := c.Ends(ctx, []transport.Partition{zero, one})
	must(t, err)
	if diff := cmp.Diff([]map[transport.Partition]int64{{zero: 0, one: 2}, {zero: 0, one: 3}}, []map[transport.Partition]int64{starts, ends}); diff != "" {
		t.Errorf("starts and ends (-want +got):\n%s", diff)
	}
	members, err := c.Members(ctx, brokertest.UniqueName(t, "no-group"))
	if err != nil || len(members) != 0 {
		t.Errorf("members of no group: %v, %v", members, err)
	}
}

func await(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(soon); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it did not come about")
		}
	}
}

// TestMember joins a group, commits with its generation, and is refused in a past one.
func TestMember(t *testing.T) {
	t.Parallel()
	c, bootstrap := open(t)
	group, topic, in := brokertest.UniqueName(t, "group"), newTopic(t, bootstrap, 2), newTopic(t, bootstrap, 1)
	join := func(instance string) (transport.Member, chan []int32, func()) {
		given := make(chan []int32, 10)
		m, err := c.NewMember(transport.MemberConfig{
			Group: group, Topic: topic, Instance: instance, ClientID: "client/" + instance, Session: 6 * time.Second,
			Changed: func(g, _ []int32) {
				if g != nil {
					given <- g
				}
			},
		})
		must(t, err)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			for ctx.Err() == nil {
				if err := m.Poll(20 * time.Millisecond); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
		return m, given, func() {
			stop()
			must(t, <-done)
			must(t, m.Close())
		}
	}
	first, given, leave := join("one")
	defer leave()
	if got := wait(t, given); len(got) != 2 {
		t.Errorf("the only member was given %v", got)
	}
	past, err := first.Generation()
	must(t, err)
	if infos, err := c.Members(t.Context(), group); err != nil || len(infos) != 1 || infos[0].ID != past.MemberID() || past.MemberID() == "" {
		t.Errorf("the coordinator knows %+v, %v; the member is %q", infos, err, past.MemberID())
	}
	at := transport.Position{Topic: in, Offset: 7, Metadata: "m"}
	must(t, first.Commit(t.Context(), []transport.Position{at}))
	p := producer(t, c, brokertest.UniqueName(t, "id"))
	at.Offset = 8
	must(t, p.Begin())
	must(t, p.Commit(t.Context(), []transport.Position{at}, past))
	got, err := first.Committed(t.Context(), []transport.Partition{at.Partition, {Topic: topic}})
	must(t, err)
	if diff := cmp.Diff([]transport.Position{at, {Topic: topic, Offset: transport.None}}, got); diff != "" {
		t.Errorf("committed (-want +got):\n%s", diff)
	}
	members, err := c.Members(t.Context(), group)
	must(t, err)
	if len(members) != 1 || members[0].Instance != "one" || members[0].ClientID != "client/one" {
		t.Errorf("members are %+v", members)
	}

	_, given, leaveToo := join("two")
	defer leaveToo()
	for len(wait(t, given)) == 0 { // it is given nothing until the first has let go
	}
	must(t, p.Begin())
	if err := p.Commit(t.Context(), []transport.Position{at}, past); !errors.Is(err, transport.ErrAbort) || !errors.Is(err, transport.ErrMembership) {
		t.Errorf("commit in a past generation: %v", err)
	}
	must(t, p.Abort(t.Context()))
}

func wait(t *testing.T, given chan []int32) []int32 {
	t.Helper()
	select {
	case g := <-given:
		return g
	case <-time.After(soon):
		t.Fatal("the group gives nothing")
		return nil
	}
}

// TestCommittedWaits: offsets that an open transaction is about to change are not told until it has ended.
func TestCommittedWaits(t *testing.T) {
	t.Parallel()
	c, bootstrap := open(t)
	topic, id := newTopic(t, bootstrap, 1), brokertest.UniqueName(t, "id")
	var owned atomic.Bool
	m, err := c.NewMember(transport.MemberConfig{
		Group: brokertest.UniqueName(t, "group"), Topic: topic, Session: 6 * time.Second, ClientID: "c", Changed: func(_, _ []int32) { owned.Store(true) },
	})
	must(t, err)
	defer m.Close()
	await(t, func() bool {
		must(t, m.Poll(50*time.Millisecond))
		return owned.Load()
	})
	g, err := m.Generation()
	must(t, err)
	at := transport.Position{Topic: topic, Offset: 1}
	p := producer(t, c, id)
	must(t, p.Begin())
	must(t, kafka.SendOffsets(t.Context(), p, []transport.Position{at}, g))
	told := make(chan []transport.Position, 1)
	go func() {
		got, err := m.Committed(t.Context(), []transport.Partition{at.Partition})
		if err != nil {
			t.Error(err)
		}
		told <- got
	}()
	select {
	case got := <-told:
		t.Errorf("told %v while the transaction is open", got)
	case <-time.After(300 * time.Millisecond):
	}
	producer(t, c, id) // a successor ends it
	select {
	case got := <-told:
		if got[0].Offset != transport.None {
			t.Errorf("told %v of a transaction that was aborted", got)
		}
	case <-time.After(soon):
		t.Error("nothing is told after the transaction has ended")
	}
}

// TestAssignOften changes what is read faster than librdkafka lets go of a partition; see fetcher.settle.
func TestAssignOften(t *testing.T) {
	t.Parallel()
	c, bootstrap := open(t)
	topic := newTopic(t, bootstrap, 8)
	var records []brokertest.Record
	var all []transport.Position
	for p := range int32(8) {
		records = append(records, brokertest.Record{Partition: p, Value: []byte("v")})
		all = append(all, transport.Position{Topic: topic, Index: p})
	}
	brokertest.ProduceTo(t, bootstrap, topic, records...)
	f := fetcher(t, c, all...)
	for i := range 300 {
		must(t, f.Assign(all[:i%9]))
		if i%7 == 0 {
			_, err := f.Poll(time.Millisecond)
			must(t, err)
		}
	}
	must(t, f.Assign(all[3:4]))
	if diff := cmp.Diff([]int64{0}, read(t, f, 1)); diff != "" {
		t.Errorf("in the end (-want +got):\n%s", diff)
	}
}
