package embedded_test

import (
	"errors"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/embedded/brokertest"
)

// newTxn gives a producer that has initialised its transactions, and so fenced the others with its id.
func newTxn(t *testing.T, bootstrap, id string, more ...kafka.ConfigMap) *kafka.Producer {
	t.Helper()
	p := newProducer(t, bootstrap, append([]kafka.ConfigMap{{"transactional.id": id}}, more...)...)
	if err := p.InitTransactions(t.Context()); err != nil {
		t.Fatalf("InitTransactions: %v", err)
	}
	return p
}

func begin(t *testing.T, p *kafka.Producer) {
	t.Helper()
	if err := p.BeginTransaction(); err != nil {
		t.Fatalf("BeginTransaction: %v", err)
	}
}

func TestIsolation(t *testing.T) {
	t.Parallel()
	bootstrap, topic := brokertest.Bootstrap(t), brokertest.UniqueName(t, "isolated")
	brokertest.Topics(t, bootstrap, brokertest.Topic{Name: topic})
	reader := func(isolation string) *kafka.Consumer {
		c := newConsumer(t, bootstrap, topic, kafka.ConfigMap{"isolation.level": isolation, "enable.partition.eof": true})
		if err := c.Assign([]kafka.TopicPartition{at(topic, 0, kafka.OffsetBeginning)}); err != nil {
			t.Fatal(err)
		}
		return c
	}
	committed := reader("read_committed")
	if diff := cmp.Diff([]string{}, remainder(t, committed, 1)); diff != "" {
		t.Fatalf("an empty topic (-want +got):\n%s", diff)
	}

	p := newTxn(t, bootstrap, topic)
	begin(t, p)
	send(t, p, topic, 0, "a", "b")
	if err := p.CommitTransaction(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b"}, receive(t, committed, 2)); diff != "" {
		t.Errorf("committed, during a long poll (-want +got):\n%s", diff)
	}
	begin(t, p)
	send(t, p, topic, 0, "x", "y")
	if err := p.AbortTransaction(t.Context()); err != nil {
		t.Fatal(err)
	}
	begin(t, p)
	send(t, p, topic, 0, "c")
	if err := p.CommitTransaction(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"c"}, receive(t, committed, 1)); diff != "" {
		t.Errorf("after an abort (-want +got):\n%s", diff)
	}
	begin(t, p)
	send(t, p, topic, 0, "open")
	if diff := cmp.Diff([]string{"a", "b", "c"}, remainder(t, reader("read_committed"), 1)); diff != "" {
		t.Errorf("read_committed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a", "b", "x", "y", "c", "open"}, remainder(t, reader("read_uncommitted"), 1)); diff != "" {
		t.Errorf("read_uncommitted (-want +got):\n%s", diff)
	}
	low, high, err := committed.QueryWatermarkOffsets(topic, 0, int(soon.Milliseconds()))
	if err != nil || low != 0 || high < 8 { // 6 records before the open one, 3 markers; read_committed ends at the open one
		t.Errorf("watermarks are %d, %d (%v), want 0 and the start of the open transaction", low, high, err)
	}
	if err := p.AbortTransaction(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// The membership/data pair: the group's member commits, in a transaction, offsets of topics that it is not subscribed to.
func TestOffsetsInTransaction(t *testing.T) {
	t.Parallel()
	bootstrap, in := brokertest.Bootstrap(t), brokertest.UniqueName(t, "pair")
	subscribed, group := in+"-subscribed", in
	brokertest.Topics(t, bootstrap, brokertest.Topic{Name: in, Partitions: 2}, brokertest.Topic{Name: subscribed})
	member := newConsumer(t, bootstrap, group, kafka.ConfigMap{"group.instance.id": "m", "partition.assignment.strategy": "cooperative-sticky", "session.timeout.ms": 6000})
	if err := member.Subscribe(subscribed, nil); err != nil {
		t.Fatal(err)
	}
	balance(t, []int{1}, member)
	metadata, err := member.GetConsumerGroupMetadata()
	if err != nil {
		t.Fatal(err)
	}
	state := "v1:checkpoint"
	offsets := func(o kafka.Offset) []kafka.TopicPartition {
		return []kafka.TopicPartition{{Topic: &in, Partition: 1, Offset: o, Metadata: &state}}
	}
	read := func() kafka.TopicPartition {
		t.Helper()
		got, err := member.Committed([]kafka.TopicPartition{at(in, 1, 0)}, int(soon.Milliseconds()))
		if err != nil {
			t.Fatalf("Committed: %v", err)
		}
		return got[0]
	}

	p := newTxn(t, bootstrap, in)
	begin(t, p)
	if err := p.SendOffsetsToTransaction(t.Context(), offsets(5), metadata); err != nil {
		t.Fatalf("SendOffsetsToTransaction: %v", err)
	}
	if err := p.CommitTransaction(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := read(); got.Offset != 5 || got.Metadata == nil || *got.Metadata != state {
		t.Errorf("committed is %v, want 5 with %q", got, state)
	}
	begin(t, p)
	if err := p.SendOffsetsToTransaction(t.Context(), offsets(9), metadata); err != nil {
		t.Fatalf("SendOffsetsToTransaction: %v", err)
	}
	if err := p.AbortTransaction(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := read(); got.Offset != 5 {
		t.Errorf("committed is %v after an abort, want 5", got)
	}

	// The member goes, its partitions are another's: what it knew of the group is worth nothing now.
	if err := member.Close(); err != nil {
		t.Fatal(err)
	}
	member = newConsumer(t, bootstrap, group, kafka.ConfigMap{"group.instance.id": "m", "partition.assignment.strategy": "cooperative-sticky", "session.timeout.ms": 6000})
	if err := member.Subscribe(subscribed, nil); err != nil {
		t.Fatal(err)
	}
	balance(t, []int{1}, member)
	begin(t, p)
	err = p.SendOffsetsToTransaction(t.Context(), offsets(9), metadata)
	want(t, "offsets of a member that was replaced", err, kafka.ErrFencedInstanceID)
	if err := p.AbortTransaction(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := read(); got.Offset != 5 {
		t.Errorf("committed is %v after a zombie's try, want 5", got)
	}
}

func TestFencing(t *testing.T) {
	t.Parallel()
	bootstrap, topic := brokertest.Bootstrap(t), brokertest.UniqueName(t, "fenced")
	brokertest.Topics(t, bootstrap, brokertest.Topic{Name: topic})
	first := newTxn(t, bootstrap, topic)
	begin(t, first)
	send(t, first, topic, 0, "lost")
	second := newTxn(t, bootstrap, topic) // aborts the open transaction, without waiting for its timeout
	begin(t, second)
	send(t, second, topic, 0, "kept")
	if err := second.CommitTransaction(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := first.CommitTransaction(t.Context())
	want(t, "commit of the fenced producer", err, kafka.ErrFenced)
	if e, ok := errors.AsType[kafka.Error](err); !ok || !e.IsFatal() {
		t.Errorf("%v is not fatal", err)
	}
	var got []string
	for _, r := range brokertest.All(t, bootstrap, topic) {
		got = append(got, string(r.Value))
	}
	if diff := cmp.Diff([]string{"kept"}, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// A producer that dies in a transaction holds up readers until its timeout, no longer.
func TestTransactionTimeout(t *testing.T) {
	t.Parallel()
	bootstrap, topic := brokertest.Bootstrap(t), brokertest.UniqueName(t, "timeout")
	brokertest.Topics(t, bootstrap, brokertest.Topic{Name: topic})
	dead := newTxn(t, bootstrap, topic, kafka.ConfigMap{"transaction.timeout.ms": 3000})
	begin(t, dead)
	send(t, dead, topic, 0, "lost")
	brokertest.Produce(t, bootstrap, topic, brokertest.Record{Value: []byte("behind it")})
	if got := brokertest.Consume(t, bootstrap, topic, 1, soon); string(got[0].Value) != "behind it" {
		t.Errorf("got %q, want what is behind the dead transaction", got[0].Value)
	}

	long := newProducer(t, bootstrap, kafka.ConfigMap{"transactional.id": topic + "-long", "transaction.timeout.ms": 900_001})
	ctx, cancel := contextFor(t, 10*time.Second)
	defer cancel()
	want(t, "a timeout above transaction.max.timeout.ms", long.InitTransactions(ctx), kafka.ErrInvalidTransactionTimeout)
}
