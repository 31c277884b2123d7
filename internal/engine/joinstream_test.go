package engine_test

import (
	"fmt"
	"time"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// met joins the stream with the other topic's, or with itself, and the results with the other topic's again.
func met(d *draw) {
	ms := func(n int) time.Duration { return time.Duration(d.rng.IntN(n)) * time.Millisecond }
	w := window.Joined(ms(300), ms(300)).After(ms(300))
	other := stream.Changes(d.rows)
	with := other
	switch d.rng.IntN(4) {
	case 0:
		with = d.in
	case 1: // all of a commit's records come at its end
		with = stream.Changes(d.in.ToTable(topology.As(d.name+"-last"), topology.EmitOnCommit()))
	}
	join := func(v string, okV bool, w string, okW bool) string { return fmt.Sprint(v, okV, "+", w, okW) }
	var out *stream.Stream[string, string]
	switch d.rng.IntN(3) {
	case 0:
		out = d.in.JoinStream(with, w, func(v, w string) string { return v + "+" + w }, d.opts()...)
	case 1:
		out = d.in.LeftJoinStream(with, w, func(v, w string, ok bool) string { return fmt.Sprint(v, "+", w, ok) }, d.opts()...)
	default:
		out = d.in.OuterJoinStream(with, w, join, d.opts()...)
	}
	if d.rng.IntN(3) == 0 {
		d.name += "-again"
		out = out.OuterJoinStream(other, w, join, d.opts()...)
	}
	out.To(topology.NewTopic[string, string]("out-" + d.name))
}
