package engine_test

import (
	"time"

	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

func newTotal() *total { return &total{} }

func millis(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// timeWindow is of any kind but the unlimited one.
func timeWindow(d *draw) window.TimeWindow {
	size, grace := 2+d.rng.IntN(300), millis(d.rng.IntN(300))
	switch d.rng.IntN(3) {
	case 0:
		return window.Tumbling(millis(size), grace)
	case 1:
		return window.Hopping(millis(size), millis(1+size/(2+d.rng.IntN(4))), grace)
	default:
		return window.Sliding(millis(size), grace)
	}
}

func sliding(d *draw) {
	w := window.Sliding(millis(1+d.rng.IntN(300)), millis(d.rng.IntN(300)))
	to(d, d.in.GroupByKey().WindowedBy(w).Aggregate(newTotal, addTo, d.opts()...))
}

func unlimited(d *draw) {
	w := window.Unlimited(time.UnixMilli(d.rng.Int64N(3000)))
	to(d, d.in.GroupByKey().WindowedBy(w).Aggregate(newTotal, addTo, d.opts()...))
}

// closing forwards windows when they close.
func closing(d *draw) {
	opts := append(d.opts(), topology.EmitOnWindowClose())
	if d.rng.IntN(4) == 0 {
		opts = append(opts, topology.Retention(time.Hour))
	}
	if d.rng.IntN(3) == 0 {
		w := window.Session(millis(1+d.rng.IntN(150)), millis(d.rng.IntN(300)))
		merge := func(t *total, k string, o *total) *total { return t.merge(k, o) }
		to(d, d.in.GroupByKey().WindowedBySession(w).Aggregate(newTotal, addTo, merge, opts...))
		return
	}
	to(d, d.in.GroupByKey().WindowedBy(timeWindow(d)).Aggregate(newTotal, addTo, opts...))
}
