package millrace_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
)

// A word count on a broker in the process, which some other client feeds and reads.
func Example() {
	if err := countWords(context.Background(), "to be or not to be"); err != nil {
		fmt.Println(err)
	}
	// Output:
	// to 1
	// be 1
	// or 1
	// not 1
	// to 2
	// be 2
}

func countWords(ctx context.Context, line string) error {
	quiet := slog.New(slog.DiscardHandler)
	broker, err := millrace.StartBroker(quiet)
	if err != nil {
		return err
	}
	defer broker.Close()
	client, err := kgo.NewClient(kgo.SeedBrokers(broker.Bootstrap()), kgo.ConsumeTopics("counts"), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if err != nil {
		return err
	}
	defer client.Close()
	if _, err := kadm.NewClient(client).CreateTopics(ctx, 1, 1, nil, "lines", "counts"); err != nil {
		return err
	}

	b := topology.New("words")
	words := stream.From(b, topology.NewTopic[string, string]("lines")).
		FlatMapValues(strings.Fields).
		GroupBy(func(_, word string) string { return word }, topology.As("by-word"))
	stream.Changes(words.Count(topology.As("count"))).To(topology.NewTopic[string, int64]("counts"))
	t, err := b.Build()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "words")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()

	ctx, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() {
		done <- millrace.Run(ctx, t, millrace.Config{Bootstrap: broker.Bootstrap(), StateDir: dir, Logger: quiet})
	}()
	if err := client.ProduceSync(ctx, &kgo.Record{Topic: "lines", Value: []byte(line)}).FirstErr(); err != nil {
		return err
	}
	for left := len(strings.Fields(line)); left > 0; {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return err
		}
		fetches.EachRecord(func(r *kgo.Record) {
			fmt.Println(string(r.Key), binary.BigEndian.Uint64(r.Value))
			left--
		})
	}
	stop()
	return <-done
}
