package chaos

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// reader follows topics while they are written, committed records only.
type reader struct {
	t    *testing.T
	mu   sync.Mutex
	seen []arrival
	last time.Time
}

// arrival is a record and when it was there to be read.
type arrival struct {
	*kgo.Record
	at time.Time
}

// follow reads topics from their start until the test ends.
func follow(t *testing.T, bootstrap string, topics ...string) *reader {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(bootstrap, ",")...), kgo.ConsumeTopics(topics...),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.FetchMaxWait(100*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{t: t, last: time.Now()}
	var reading sync.WaitGroup
	reading.Go(func() {
		for t.Context().Err() == nil {
			fetches := c.PollFetches(t.Context()) // its errors are of brokers that are away: the client tries again
			now := time.Now()
			r.mu.Lock()
			fetches.EachRecord(func(rec *kgo.Record) { r.seen, r.last = append(r.seen, arrival{rec, now}), now })
			r.mu.Unlock()
		}
	})
	t.Cleanup(func() { // the test's context has ended
		reading.Wait()
		c.Close()
	})
	return r
}

// count says how many records came, and when the last one did.
func (r *reader) count() (n int, last time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.seen), r.last
}
