package main

import (
	"context"
	"log"
	"strings"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
)

func main() {
	b := topology.New("word-count")
	words := stream.From(b, topology.NewTopic[string, string]("lines")).
		FlatMapValues(strings.Fields).
		GroupBy(func(_, word string) string { return word }, topology.As("by-word"))
	stream.Changes(words.Count(topology.As("counts"))).
		To(topology.NewTopic[string, int64]("word-counts"))

	t := topology.Must(b.Build())
	log.Fatal(millrace.Run(context.Background(), t, millrace.Config{Bootstrap: "localhost:9092", StateDir: "state"}))
}
