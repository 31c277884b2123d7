package runtime

import (
	"context"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/transport"
)

// purge deletes from internal topics what has been read and committed: their retention is for ever, so that nothing is
// lost while an application is down.
func (r *Runtime) purge(ctx context.Context) error {
	done := map[transport.Partition]int64{}
	for untilStop(ctx, purgeInterval) {
		var ps []transport.Position
		for _, t := range r.running() {
			for _, s := range t.sources {
				if at := s.committed.Load(); s.role != graph.UserTopic && at > done[s.p] {
					ps = append(ps, transport.Position{Partition: s.p, Offset: at})
				}
			}
		}
		if err := r.cfg.Client.Purge(ctx, ps); err != nil {
			r.log.Warn("runtime: repartition topics are not purged this time: " + err.Error())
			continue
		}
		for _, p := range ps {
			done[p.Partition] = p.Offset
		}
	}
	return nil
}
