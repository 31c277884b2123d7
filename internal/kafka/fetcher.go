package kafka

import (
	"errors"
	"log/slog"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/transport"
)

// pollRecords is how many records a Poll returns at most.
const pollRecords = 1000

// fetcher reads assigned partitions with a consumer that is in no group but for its name.
type fetcher struct {
	c      *kafka.Consumer
	client *Client
	log    *slog.Logger
	topics map[string]*string     // those whose metadata the consumer has
	from   []kafka.TopicPartition // what was assigned last

	absent time.Time // since when a topic has been said not to exist
	missed time.Time // when that was said last

	recs    []graph.Raw
	runs    []run
	batches []transport.Batch
}

// run is a batch before recs has its final place.
type run struct {
	p        transport.Partition
	from, to int
	end      bool
	next     int64
}

// NewFetcher implements [transport.Client].
func (c *Client) NewFetcher(cfg transport.FetcherConfig) (transport.Fetcher, error) {
	if cfg.Buffer == 0 {
		cfg.Buffer = 8 << 20
	}
	k, err := kafka.NewConsumer(c.config(kafka.ConfigMap{
		"group.id":             cfg.Group, // without one nothing can be assigned; nothing is joined or committed here
		"enable.auto.commit":   false,
		"isolation.level":      "read_committed",
		"enable.partition.eof": true,
		"auto.offset.reset":    "error", // any other leaves records out without a word
		// What is assigned here was there: if it is not now, it was most likely deleted. The default is to wait for 30 s.
		"topic.metadata.propagation.max.ms": 5000,
		// The default of 1,000 stops a partition for a second whenever its queue was full once.
		"fetch.queue.backoff.ms":     2,
		"fetch.wait.max.ms":          20,
		"queued.max.messages.kbytes": cfg.Buffer >> 10,
	}))
	if err != nil {
		return nil, wrap("make a consumer", err)
	}
	return &fetcher{c: k, client: c, log: c.cfg.Logger.With("consumer", cfg.Name), topics: map[string]*string{}}, nil
}

// Assign implements [transport.Fetcher].
func (f *fetcher) Assign(ps []transport.Position) error {
	list := make([]kafka.TopicPartition, len(ps))
	for i, p := range ps {
		name := f.topics[p.Topic]
		if name == nil {
			topic := p.Topic
			name = &topic
			// Without its metadata at hand librdkafka lets a partition of a new topic wait about 0.85 s.
			if _, err := f.c.GetMetadata(name, false, 5000); err != nil {
				return wrap("metadata of topic "+topic, err)
			}
			f.topics[topic] = name
		}
		list[i] = kafka.TopicPartition{Topic: name, Partition: p.Index, Offset: kafka.Offset(p.Offset)}
		if p.Offset == transport.None {
			list[i].Offset = kafka.OffsetBeginning
		}
	}
	f.from = list
	if err := f.c.Assign(list); err != nil {
		return wrap("assign partitions", err)
	}
	return f.settle()
}

// settle waits until librdkafka has let go of what was assigned before. If a partition is taken away again while it is
// still being stopped from the time before, librdkafka stops it twice and ends the process (its issue 5573). Its main
// thread serves one queue: the stops are in it when Assign returns, their answers when the first question is answered, and
// all is done when the second is; the third is for good measure.
func (f *fetcher) settle() error {
	for range 3 {
		if _, err := f.c.Assignment(); err != nil {
			return wrap("read the assignment", err)
		}
	}
	return nil
}

// Poll implements [transport.Fetcher].
func (f *fetcher) Poll(wait time.Duration) ([]transport.Batch, error) {
	clear(f.recs)
	f.recs, f.runs, f.batches = f.recs[:0], f.runs[:0], f.batches[:0]
	ms := int(wait / time.Millisecond)
	for len(f.recs) < pollRecords {
		ev := f.c.Poll(ms)
		if ev == nil {
			break
		}
		ms = 0
		switch e := ev.(type) {
		case *kafka.Message:
			f.add(e)
		case kafka.PartitionEOF:
			r := f.run(*e.Topic, e.Partition)
			r.end, r.next = true, int64(e.Offset)
		case kafka.Error:
			if err := f.complaint(e); err != nil {
				return nil, err
			}
		}
	}
	for i := range f.runs {
		r := &f.runs[i]
		f.batches = append(f.batches, transport.Batch{Partition: r.p, Records: f.recs[r.from:r.to], End: r.end, Next: r.next})
	}
	return f.batches, nil
}

func (f *fetcher) add(m *kafka.Message) {
	r := f.run(*m.TopicPartition.Topic, m.TopicPartition.Partition)
	raw := graph.Raw{
		Key: m.Key, Value: m.Value, Timestamp: -1,
		Offset: int64(m.TopicPartition.Offset), Partition: m.TopicPartition.Partition,
	}
	if m.TimestampType != kafka.TimestampNotAvailable {
		raw.Timestamp = m.Timestamp.UnixMilli()
	}
	if len(m.Headers) > 0 {
		raw.Headers = make([]graph.Header, len(m.Headers))
		for i, h := range m.Headers {
			raw.Headers[i] = graph.Header{Key: h.Key, Value: h.Value}
		}
	}
	f.recs = append(f.recs, raw)
	r.to, r.end = len(f.recs), false
}

// run returns the batch that a record or an end of the partition belongs to: most records follow one of their partition.
func (f *fetcher) run(topic string, partition int32) *run {
	if n := len(f.runs); n > 0 {
		if r := &f.runs[n-1]; r.p.Index == partition && r.p.Topic == topic {
			return r
		}
	}
	f.runs = append(f.runs, run{p: transport.Partition{Topic: topic, Index: partition}, from: len(f.recs), to: len(f.recs)})
	return &f.runs[len(f.runs)-1]
}

// complaint logs what librdkafka recovers from by itself, and returns what it does not.
func (f *fetcher) complaint(e kafka.Error) error {
	switch {
	case e.Code() == kafka.ErrUnknownTopicOrPart, e.Code() == kafka.ErrUnknownTopic:
		return f.missing(e, time.Now())
	case e.Code() == kafka.ErrAutoOffsetReset, e.Code() == kafka.ErrLogTruncation:
		return f.lost(e)
	case e.IsFatal(), e.Code() == kafka.ErrTopicAuthorizationFailed, e.Code() == kafka.ErrGroupAuthorizationFailed:
		return permit("read", "READ on "+f.client.lacking(f.topics, kafka.ACLOperationRead), e)
	default:
		f.log.Warn("kafka: reading: "+e.Error(), "code", e.Code().String())
		return nil
	}
}

// A topic that does not exist is reported about once a second. It has been deleted if that goes on for absentPatience; it
// has come back if nothing is heard for absentPause.
const (
	absentPatience = 5 * time.Second
	absentPause    = 3 * time.Second
)

// missing is a report that a topic does not exist; which one is in its text only.
func (f *fetcher) missing(e kafka.Error, now time.Time) error {
	if now.Sub(f.missed) > absentPause {
		f.absent = now
		f.log.Warn("kafka: reading: " + e.Error())
	}
	f.missed = now
	if now.Sub(f.absent) > absentPatience {
		return wrap("read", e)
	}
	return nil
}

// Pause implements [transport.Fetcher].
func (f *fetcher) Pause(ps []transport.Partition) error { return wrap("pause", f.c.Pause(f.list(ps))) }

// Resume implements [transport.Fetcher].
func (f *fetcher) Resume(ps []transport.Partition) error {
	return wrap("resume", f.c.Resume(f.list(ps)))
}

func (f *fetcher) list(ps []transport.Partition) []kafka.TopicPartition {
	list := make([]kafka.TopicPartition, len(ps))
	for i := range ps {
		list[i] = kafka.TopicPartition{Topic: &ps[i].Topic, Partition: ps[i].Index}
	}
	return list
}

// Close implements [transport.Fetcher].
func (f *fetcher) Close() error {
	err := f.c.Close()
	var ke kafka.Error
	if errors.As(err, &ke) && ke.Code() == kafka.ErrState { // closed already
		return nil
	}
	return wrap("close a consumer", err)
}
