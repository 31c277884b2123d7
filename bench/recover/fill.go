package main

import (
	"context"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// fill writes the input records of n rows, from the first on, and waits until the broker has them. With a rate it takes its time.
func (b *bench) fill(ctx context.Context, first, n, rate int) error {
	cl, err := kgo.NewClient(kgo.SeedBrokers(b.bootstrap), kgo.DefaultProduceTopic(b.input()), kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)),
		kgo.MaxBufferedRecords(100_000))
	if err != nil {
		return err
	}
	defer cl.Close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	start := time.Now()
	for i := range n {
		if rate > 0 && i%100 == 0 {
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-time.After(time.Until(start.Add(time.Duration(i) * time.Second / time.Duration(rate)))):
			}
		}
		cl.Produce(ctx, &kgo.Record{Key: key((first + i) % b.keys), Value: encode(int64(first + i))}, func(_ *kgo.Record, err error) {
			if err != nil {
				cancel(err)
			}
		})
	}
	return errors.Join(cl.Flush(ctx), context.Cause(ctx))
}
