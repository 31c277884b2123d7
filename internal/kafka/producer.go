package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/transport"
)

// turn is how long one call of the transactional interface may block, so that a context is heeded.
const turn = 2 * time.Second

type producer struct {
	p      *kafka.Producer
	client *Client
	id     string
	log    *slog.Logger
	limit  time.Duration // of a transaction
	began  time.Time     // the transaction
	msg    kafka.Message // used again: Produce copies
	topics map[string]*string
	last   string // the topic of msg
	done   chan struct{}
	hung   <-chan error // of a call that does not return; nil: there is none

	mu  sync.Mutex
	err error // of a delivery since the last Flush or Abort
}

// NewProducer implements [transport.Client].
func (c *Client) NewProducer(cfg transport.ProducerConfig) (transport.Producer, error) {
	own := kafka.ConfigMap{
		"enable.idempotence":           true,
		"partitioner":                  "murmur2_random", // where the JVM's clients and our own would put a key
		"linger.ms":                    10,
		"batch.size":                   1_000_000,
		"queue.buffering.max.messages": 200_000,
		"queue.buffering.max.kbytes":   64 << 10,
		// As a string it passes the Go client, which refuses it as a bool for fear of leaking what waits for each record's
		// report; no record here waits for one. What failed comes as an event, and the rest costs nothing.
		"delivery.report.only.error": "true",
		"go.delivery.report.fields":  "none",
		"go.events.channel.size":     1000,
		"go.produce.channel.size":    1,
	}
	if cfg.ID != "" {
		own["transactional.id"] = cfg.ID
		own["transaction.timeout.ms"] = int(cfg.Timeout / time.Millisecond)
	}
	k, err := kafka.NewProducer(c.config(own))
	if err != nil {
		return nil, wrap("make a producer", err)
	}
	p := &producer{p: k, client: c, id: cfg.ID, limit: cfg.Timeout, log: c.cfg.Logger.With("producer", cfg.ID), topics: map[string]*string{}, done: make(chan struct{})}
	go p.listen()
	return p, nil
}

// listen takes the events of failed deliveries.
func (p *producer) listen() {
	defer close(p.done)
	for ev := range p.p.Events() {
		switch e := ev.(type) {
		case barrier:
			close(e)
		case *kafka.Message:
			if err := e.TopicPartition.Error; err != nil {
				p.failed(*e.TopicPartition.Topic, e.TopicPartition.Partition, err)
			}
		case kafka.Error:
			if e.IsFatal() {
				p.fail(fmt.Errorf("kafka: producer: %w: %w", transport.ErrProducer, e))
			} else {
				p.log.Debug("kafka: producing: " + e.Error())
			}
		}
	}
}

func (p *producer) failed(topic string, partition int32, err error) {
	var ke kafka.Error
	if errors.As(err, &ke) && (ke.Code() == kafka.ErrPurgeQueue || ke.Code() == kafka.ErrPurgeInflight) {
		return // an abort's
	}
	err = refusal(topic, partition, err)
	if errors.Is(err, transport.ErrTopic) { // librdkafka has waited for it long enough
		err = fmt.Errorf("%w: %w", transport.ErrRecord, err)
	}
	p.fail(err)
}

// refusal is why a record was not taken. Without the right to write it is refused as often as it is sent.
func refusal(topic string, partition int32, err error) error {
	err = permit(fmt.Sprintf("produce to topic %s, partition %d", topic, partition), "WRITE on topic "+topic, err)
	if errors.Is(err, transport.ErrDenied) {
		err = fmt.Errorf("%w: %w", transport.ErrRecord, err)
	}
	return err
}

func (p *producer) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil || !errors.Is(p.err, transport.ErrRecord) { // what will not go away counts most
		p.err = err
	}
}

func (p *producer) takeError() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	err := p.err
	p.err = nil
	return err
}

// Init implements [transport.Producer].
func (p *producer) Init(ctx context.Context) error {
	if p.id == "" {
		return nil
	}
	// librdkafka looks for the coordinator before it is connected to any broker but the bootstrap one, and then again after
	// 500 ms: with the brokers known and connected to, it finds it at once. Where no broker answers it tries all the same.
	_, _ = p.p.GetMetadata(nil, false, int(turn.Milliseconds()))
	return p.again(ctx, "init transactions", p.p.InitTransactions)
}

// again makes a call of the transactional interface until it is done, failed for good, or ctx ends.
func (p *producer) again(ctx context.Context, what string, call func(context.Context) error) error {
	for {
		err := p.bounded(ctx, call)
		if err == nil {
			return nil
		}
		if errors.Is(err, errHung) {
			return fmt.Errorf("kafka: %s: %w: %w", what, transport.ErrProducer, err)
		}
		if denied(err) { // a new producer would fare no better
			return permit(what, p.right(err), err)
		}
		if !retriable(err) {
			return ofTransaction(what, err)
		}
		if ctx.Err() != nil {
			return fmt.Errorf("kafka: %s: %w: %w (%w)", what, transport.ErrProducer, ctx.Err(), err)
		}
		p.log.Debug("kafka: " + what + " again: " + err.Error())
	}
}

// right is what a transaction needed and did not have.
func (p *producer) right(err error) string {
	switch ke, _ := errors.AsType[kafka.Error](err); ke.Code() {
	case kafka.ErrTopicAuthorizationFailed:
		return "WRITE on " + p.client.lacking(p.topics, kafka.ACLOperationWrite)
	case kafka.ErrGroupAuthorizationFailed:
		return "READ on the application's group"
	default:
		return "WRITE on transactional id " + p.id
	}
}

// Begin implements [transport.Producer].
func (p *producer) Begin() error {
	_ = p.takeError() // of a transaction that is over
	p.began = time.Now()
	return ofTransaction("begin a transaction", p.p.BeginTransaction())
}

// Produce implements [transport.Producer].
func (p *producer) Produce(ctx context.Context, topic string, e *graph.Effect) error {
	if topic != p.last {
		name := p.topics[topic]
		if name == nil {
			name = &topic
			p.topics[topic] = name
		}
		p.last, p.msg.TopicPartition.Topic = *name, name
	}
	p.msg.TopicPartition.Partition = e.Partition // AnyPartition is librdkafka's own -1
	p.msg.Key, p.msg.Value, p.msg.Timestamp = e.Key, e.Value, time.UnixMilli(eventTime(e.Timestamp))
	p.msg.Headers = p.msg.Headers[:0]
	for _, h := range e.Headers {
		p.msg.Headers = append(p.msg.Headers, kafka.Header{Key: h.Key, Value: h.Value})
	}
	for {
		err := p.p.Produce(&p.msg, nil)
		if err == nil {
			return nil
		}
		var ke kafka.Error
		if !errors.As(err, &ke) || ke.Code() != kafka.ErrQueueFull {
			err = refusal(topic, e.Partition, err)
			switch {
			case ke.Code() == kafka.ErrFatal: // which may have come long ago
				return p.overtime(fmt.Errorf("%w: %w", transport.ErrProducer, cmp.Or(p.p.GetFatalError(), err)))
			case p.id != "" && !errors.Is(err, transport.ErrRecord):
				return fmt.Errorf("%w: %w", transport.ErrAbort, err)
			}
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		time.Sleep(time.Millisecond)
	}
}

// eventTime is at, or a millisecond later at the first moment of the epoch: librdkafka takes 0 for no timestamp and would write
// the time of day, by which what reads the record would take its stream time.
func eventTime(at int64) int64 {
	if at == 0 {
		return 1
	}
	return at
}

// Flush implements [transport.Producer]. The client's own Flush takes 100 ms where no delivery reports come.
func (p *producer) Flush(ctx context.Context) error {
	for p.p.Len() > 0 {
		if ctx.Err() != nil {
			return fmt.Errorf("kafka: flush: %d records are not acknowledged: %w", p.p.Len(), ctx.Err())
		}
		time.Sleep(time.Millisecond)
	}
	// What failed is counted until its event is in the channel: it has been noted once listen has come to what stands behind it.
	noted := make(barrier)
	p.p.Events() <- noted
	<-noted
	return p.takeError()
}

// barrier is an event of our own, for listen to close.
type barrier chan struct{}

// String implements kafka.Event.
func (barrier) String() string { return "barrier" }

// Commit implements [transport.Producer].
func (p *producer) Commit(ctx context.Context, ps []transport.Position, g transport.Generation) error {
	err := p.sendOffsets(ctx, ps, g)
	if err == nil {
		err = p.again(ctx, "commit a transaction", p.p.CommitTransaction)
	}
	if err == nil {
		return nil
	}
	if cause := p.takeError(); cause != nil && errors.Is(err, transport.ErrAbort) {
		err = fmt.Errorf("%w: %w", err, cause)
	}
	return p.overtime(err)
}

// overtime explains the end of a transaction that was open for too long.
func (p *producer) overtime(err error) error {
	open := time.Since(p.began)
	if open <= p.limit || !fenced(err) {
		return err
	}
	return fmt.Errorf("the broker ended a transaction that was open for %v, longer than Config.TransactionTimeout (%v): raise it, "+
		"or give what takes so long to package task: %w", open.Round(time.Millisecond), p.limit, err)
}

func (p *producer) sendOffsets(ctx context.Context, ps []transport.Position, g transport.Generation) error {
	if len(ps) == 0 {
		return nil
	}
	gen, ok := g.(*generation)
	if !ok { // without it the broker would accept the offsets of anybody
		return fmt.Errorf("kafka: commit: %w: the member's generation is not known", transport.ErrAbort)
	}
	offsets := positions(ps)
	return p.again(ctx, "send offsets", func(ctx context.Context) error { return p.p.SendOffsetsToTransaction(ctx, offsets, gen.meta) })
}

// Abort implements [transport.Producer]. Without the flush librdkafka may abort before the broker has heard of the
// transaction, which is fatal to the producer.
func (p *producer) Abort(ctx context.Context) error {
	t, cancel := context.WithTimeout(ctx, turn)
	_ = p.Flush(t) // the errors are of what is taken back
	cancel()
	err := p.again(ctx, "abort a transaction", p.p.AbortTransaction)
	_ = p.takeError()
	return err
}

// Close implements [transport.Producer].
func (p *producer) Close() {
	if p.hung != nil {
		go func() { // librdkafka must not be closed under a call, which may never return
			err := <-p.hung
			p.log.Debug("kafka: a call that had been given up has returned", "error", err)
			p.p.Close()
		}()
		return
	}
	p.p.Close()
	<-p.done
}

func positions(ps []transport.Position) []kafka.TopicPartition {
	list := make([]kafka.TopicPartition, len(ps))
	for i := range ps {
		p := &ps[i]
		list[i] = kafka.TopicPartition{Topic: &p.Topic, Partition: p.Index, Offset: kafka.Offset(p.Offset)}
		if p.Metadata != "" {
			list[i].Metadata = &p.Metadata
		}
	}
	return list
}
