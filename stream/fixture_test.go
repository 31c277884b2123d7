package stream_test

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

var (
	text     = topology.NewTopic[string, string]("text")
	byWindow = topology.NewTopic[window.Key[string], string]("by_window")
	day      = window.Tumbling(24*time.Hour, window.NoGrace)
	night    = window.Session(8*time.Hour, window.NoGrace)
)

func digits(n int64) string { return strconv.FormatInt(n, 10) }

func innerKey(k window.Key[string], _ string) string { return k.Key }

// nullness says in a value whether the value is null.
func nullness[K, V any](_ context.Context, r stream.Record[K, V]) (string, error) {
	if r.Null {
		return "null", nil
	}
	return fmt.Sprint(r.Value), nil
}

// deref is what a value points to, or that it is null.
func deref[K any](_ context.Context, r stream.Record[K, *string]) (string, error) {
	if r.Null {
		return "null", nil
	}
	return *r.Value, nil
}
