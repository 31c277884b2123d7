package runtime

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/millrace-go/millrace/internal/transport"
)

// maxAbsent is how often in a row a topic is to be missing before it counts as deleted: a broker that has just started knows
// few.
const maxAbsent = 2

// watch looks now and then whether the topics that are read, now or after a loss of the disk, are still those with which the
// application started, until ctx ends. A position in a topic that was made anew means nothing: to go on from there would leave
// out the first records of the new one without a word. Topics that are only written may come and go.
func (t *topics) watch(ctx context.Context) error {
	absent := map[string]int{}
	for untilStop(ctx, watchInterval) {
		have, err := t.client.Topics(ctx, slices.Collect(maps.Keys(t.read)))
		if err != nil {
			continue // the workers notice as well, and say so
		}
		for name, then := range t.read {
			now, ok := have[name]
			if ok {
				absent[name] = 0
			} else if absent[name]++; absent[name] < maxAbsent {
				continue
			}
			if err := changed(name, then, now, ok); err != nil {
				return err
			}
		}
	}
	return nil
}

func changed(name string, then, now transport.Topic, ok bool) error {
	const anew = "reset the application (millrace reset), so that it begins anew"
	switch {
	case !ok:
		return fmt.Errorf("runtime: topic %q was deleted while the application ran: %s: %w", name, anew, transport.ErrTopic)
	case now.ID != then.ID:
		return fmt.Errorf("runtime: topic %q was deleted and made anew while the application ran, which has positions in the one that is gone: %s", name, anew)
	case now.Partitions != then.Partitions:
		return fmt.Errorf("runtime: topic %q had %d partitions when the application started, and has %d now: start it again", name, then.Partitions, now.Partitions)
	}
	return nil
}
