package sim

import (
	"time"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/murmur2"
	"github.com/millrace-go/millrace/internal/transport"
)

// feed writes the job's records into its sources, one about every so often; some in transactions, of which some are aborted.
func (w *World) feed(every time.Duration) {
	if w.fed >= w.upTo {
		return
	}
	s := w.sched
	var tx *transaction
	touched := map[*partition]bool{}
	n := 1 + s.rnd.IntN(5)
	switch {
	case w.fed < w.job.Settled:
		n = w.job.Settled
	case s.rnd.IntN(5) == 0:
		tx = &transaction{}
	}
	for range n {
		r := w.job.Record(w.fed, s.rnd)
		w.fed++
		p := murmur2.Partition(r.Key, w.cluster.count(r.Topic))
		part := w.cluster.partition(transport.Partition{Topic: r.Topic, Index: p})
		part.append(graph.Raw{Key: r.Key, Value: r.Value, Timestamp: r.Timestamp, Partition: p}, tx)
		touched[part] = true
	}
	if tx != nil {
		commit := s.rnd.IntN(3) > 0
		s.after(s.climate.latency(s.rnd), "a transaction of the source ends", nil, func() {
			for part := range touched {
				part.mark(tx, commit)
			}
		})
	}
	s.after(s.some(3*every), "feed", nil, func() { w.feed(every) })
}
