package runtime

import (
	"log/slog"
	"time"

	"github.com/millrace-go/millrace/internal/transport"
)

// stuckRestore notices that a changelog cannot be read to its end. Transactions of this application end within
// Config.TransactionTimeout, so one that is open for longer is another program's, or one that the broker has lost: Kafka
// writes no end marker to a partition that has no leader while the transaction is completed.
type stuckRestore struct {
	since time.Time
	limit time.Duration
	told  bool
}

func (s *stuckRestore) look(log *slog.Logger, now time.Time, moved bool, todo map[transport.Partition]*restoring) {
	switch {
	case moved:
		s.since = now
	case !s.told && now.Sub(s.since) > s.limit:
		s.told = true
		for p, x := range todo {
			if !x.done {
				log.Warn("runtime: a restore does not get on, and waits: a transaction that nobody ends may be open on the changelog: "+
					"kafka-transactions.sh find-hanging names it, and abort ends it", "topic", p.Topic, "partition", p.Index, "offset", x.log.next, "end", x.end)
			}
		}
	}
}
