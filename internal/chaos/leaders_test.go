package chaos

import (
	"fmt"
	"testing"

	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/internal/kafka"
	"github.com/millrace-go/millrace/internal/transport"
)

// TestLeadersMove asks for the ends of partitions while all brokers are restarted, one at a time, and deletes records: the
// client that asked the old leaders finds the new ones.
func TestLeadersMove(t *testing.T) {
	c := brokers(t)
	topic := brokertest.UniqueName(t, "moving")
	brokertest.Topics(t, c.bootstrap, brokertest.Topic{Name: topic, Partitions: 6})
	client, err := kafka.Open(t.Context(), kafka.Config{Bootstrap: c.bootstrap})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var all []transport.Partition
	var purge []transport.Position
	for p := range int32(6) {
		all = append(all, transport.Partition{Topic: topic, Index: p})
		purge = append(purge, transport.Position{Partition: all[p], Offset: 0})
	}
	written := int64(0)
	ask := func(when string) {
		t.Helper()
		for p := range int32(6) {
			brokertest.ProduceTo(t, c.bootstrap, topic, brokertest.Record{Partition: p, Value: fmt.Append(nil, when)})
		}
		written++
		ends, err := client.Ends(t.Context(), all)
		if err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		for _, p := range all {
			if ends[p] != written {
				t.Errorf("%s: partition %d ends at %d, want %d", when, p.Index, ends[p], written)
			}
		}
		if err := client.Purge(t.Context(), purge); err != nil {
			t.Errorf("%s: %v", when, err)
		}
	}
	ask("at first")
	for n := 1; n <= 3; n++ {
		c.node("stop", n)
		ask(fmt.Sprintf("without broker %d", n))
		c.node("start", n)
		ask(fmt.Sprintf("with broker %d again", n))
	}
}
