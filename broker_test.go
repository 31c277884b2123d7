package millrace_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-go/millrace"
)

func TestStartBroker(t *testing.T) {
	t.Parallel()
	b, err := millrace.StartBroker(nil)
	if err != nil {
		t.Fatal(err)
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(b.Bootstrap()))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	if err := cl.Ping(t.Context()); err != nil {
		t.Errorf("the broker does not answer at %s: %v", b.Bootstrap(), err)
	}
	for range 2 {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	other, err := kgo.NewClient(kgo.SeedBrokers(b.Bootstrap()), kgo.RequestRetries(0))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := other.Ping(t.Context()); err == nil {
		t.Error("the broker still answers after Close")
	}
}
