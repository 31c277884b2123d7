package kafka

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/millrace-go/millrace/internal/transport"
)

// TestHung: a call that heeds no time-out costs the producer, and nothing waits for it any more.
func TestHung(t *testing.T) {
	t.Parallel()
	k, err := kafka.NewProducer(&kafka.ConfigMap{"bootstrap.servers": "127.0.0.1:1", "log_level": 0})
	if err != nil {
		t.Fatal(err)
	}
	p := &producer{p: k, id: "id", log: slog.New(slog.DiscardHandler), done: make(chan struct{})}
	go p.listen()
	release := make(chan struct{})
	err = p.again(t.Context(), "try", func(context.Context) error { <-release; return nil })
	if !errors.Is(err, transport.ErrProducer) {
		t.Errorf("a call that hangs gave %v", err)
	}
	if err := p.Abort(t.Context()); !errors.Is(err, errHung) {
		t.Errorf("Abort after it gave %v", err)
	}
	p.Close() // returns while the call hangs
	select {
	case <-p.done:
		t.Error("librdkafka was closed under the call")
	case <-time.After(50 * time.Millisecond):
	}
	close(release)
	<-p.done
}
