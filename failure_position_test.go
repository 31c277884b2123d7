package millrace_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
)

// TestRecordsDeletedBeforeTheyAreRead: while an application stands at a record, those behind it are deleted, as a retention that
// is too short does. It does not skip them without a word: it ends, and names the topic, the offset and what to do. The
// operator has read it and starts it again: it goes on with what there is.
func TestRecordsDeletedBeforeTheyAreRead(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	// A small buffer, so that most records are still on the broker when they are deleted.
	cfg.InstanceID, cfg.Workers = "me", 1
	cfg.Properties = map[string]string{"queued.max.messages.kbytes": "1", "message.max.bytes": "2000", "fetch.max.bytes": "2000", "fetch.message.max.bytes": "2000"}
	in, out := topics(t, cfg.Bootstrap, 1, 1)
	reached, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	b := topology.New(newApp(t, cfg.Bootstrap))
	stream.From(b, topology.NewTopic[string, string](in)).
		Peek(func(string, string) { once.Do(func() { close(reached); <-goOn }) }).
		To(topology.NewTopic[string, string](out))
	topo, err := b.Build()
	check(t, err)
	records := make([]brokertest.Record, 200)
	for i := range records {
		records[i].Value = fmt.Appendf(nil, "%d %0500d", i, 0)
	}
	brokertest.Feed(t, cfg.Bootstrap, in, 1, records)() // batches of their own: a small buffer holds but a few
	a := launch(t, topo, cfg)
	<-reached
	truncate(t, cfg.Bootstrap, in)
	brokertest.Produce(t, cfg.Bootstrap, in, brokertest.Record{Key: []byte("last"), Value: []byte("last")})
	close(goOn)
	err = a.wait()
	for _, want := range []string{in, "partition 0", "200 is the first", "retention"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the application ended with %v, and %q is not in it", err, want)
		}
	}
	read := len(brokertest.All(t, cfg.Bootstrap, out))
	log := &journal{t: t}
	cfg.Logger = log.logger()
	a = start(t, topo, cfg)
	got := brokertest.Consume(t, cfg.Bootstrap, out, read+1, longest)
	check(t, a.shutdown())
	for i, r := range got[:read] {
		if want := fmt.Sprint(i, " "); !strings.HasPrefix(string(r.Value), want) {
			t.Errorf("record %d is %.10q", i, r.Value)
		}
	}
	if read == 0 || read >= 200 || string(got[read].Value) != "last" || !log.has("not in the topic any more") {
		t.Errorf("%d records were read before, the one after is %.10q, or the log does not say that some are lost", read, got[read].Value)
	}
}
