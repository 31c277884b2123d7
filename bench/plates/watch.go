package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-go/millrace/bench"
)

// What the child writes to its parent.
const (
	ready   = "ready"   // the sink is there
	allSeen = "all"     // every site has been seen
	counted = "counted" // followed by records, unique sites, duplicates
)

const (
	sinkPartitions = 4
	progressEvery  = 50 * time.Millisecond
	// lingering is how long the count goes on for duplicates after the last site.
	lingering = 1500 * time.Millisecond
)

// watch counts the sites of the whole sink until all are there, or its standard input ends.
func watch(f flags) error {
	ctx, cancel := context.WithTimeout(context.Background(), f.timeout)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0) // the application is gone
	}()
	cl, err := kgo.NewClient(kgo.SeedBrokers(f.bootstrap), kgo.ConsumeTopics(f.sink), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.FetchMaxWait(100*time.Millisecond))
	if err != nil {
		return fmt.Errorf("plates: %w", err)
	}
	defer cl.Close()
	if err := makeSink(ctx, cl, f.sink); err != nil {
		return err
	}
	fmt.Println(ready)
	return count(ctx, cl, f.plates*bench.SitesPerPlate)
}

func makeSink(ctx context.Context, cl *kgo.Client, sink string) error {
	_, err := kadm.NewClient(cl).CreateTopic(ctx, sinkPartitions, -1, nil, sink)
	if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
		return fmt.Errorf("plates: create topic %s: %w", sink, err)
	}
	return nil
}

func count(ctx context.Context, cl *kgo.Client, want int) error {
	seen := make(map[string]struct{}, want)
	total, printed, done := 0, time.Time{}, time.Time{}
	for {
		poll, cancel := context.WithTimeout(ctx, progressEvery)
		fetches := cl.PollFetches(poll)
		cancel()
		var bad error
		fetches.EachRecord(func(r *kgo.Record) {
			s, err := bench.SiteSerde().Decode(r.Value)
			if err != nil || len(s.Paths) != bench.Channels {
				bad = fmt.Errorf("plates: sink partition %d, offset %d: site with %d paths: %w", r.Partition, r.Offset, len(s.Paths), err)
				return
			}
			total++
			seen[s.ID()] = struct{}{}
		})
		if bad != nil {
			return bad
		}
		if err := ctx.Err(); err != nil {
			fmt.Println(counted, total, len(seen), total-len(seen))
			return err
		}
		if time.Since(printed) >= progressEvery {
			fmt.Fprintf(os.Stderr, "sites=%d\n", len(seen))
			printed = time.Now()
		}
		if done.IsZero() && len(seen) >= want {
			done = time.Now()
			fmt.Println(allSeen)
		}
		if !done.IsZero() && time.Since(done) > lingering {
			fmt.Println(counted, total, len(seen), total-len(seen))
			return nil
		}
	}
}
