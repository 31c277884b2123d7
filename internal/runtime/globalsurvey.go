package runtime

import (
	"context"
	"maps"
	"strconv"
	"time"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/transport"
)

// survey decides for each global table where to begin, and wipes one that cannot be gone on with: one whose topic was made
// anew, does not hold the position any more, or may have dropped deletions that the table never saw. Keys of all partitions
// lie together, so that a table is wiped whole.
func (g *globals) survey(ctx context.Context) error {
	clear(g.parts)
	sealed := maps.Clone(g.dir.seal.Changelogs)
	for _, x := range g.r.cfg.Graph.Globals {
		topic := x.Topic.FullName(g.r.cfg.App)
		var ps []transport.Partition
		for i := range g.r.plan.Counts[x.Topic] {
			ps = append(ps, transport.Partition{Topic: topic, Index: i})
		}
		starts, err := g.r.cfg.Client.Starts(ctx, ps)
		if err != nil {
			return err
		}
		ends, err := g.r.cfg.Client.Ends(ctx, ps)
		if err != nil {
			return err
		}
		memory, err := g.tombstones(ctx, topic)
		if err != nil {
			return err
		}
		at, why, err := g.positions(x, ps, starts, ends, memory)
		if err != nil {
			return err
		}
		if why != "" {
			g.r.log.Warn("runtime: a global table is read from the start: "+why, "table", x.Store.Name, "topic", topic)
		}
		if at == nil {
			if err := g.wipe(x, int32(len(ps))); err != nil {
				return err
			}
			at = starts
		}
		if !x.Store.Memory {
			g.dir.seal.Changelogs[topic] = g.r.topics.ids[topic]
		}
		for _, p := range ps {
			g.parts[p] = &globalPart{table: x, next: at[p], end: ends[p], done: at[p] >= ends[p]}
		}
	}
	if maps.Equal(sealed, g.dir.seal.Changelogs) {
		return nil // the seal keeps its time: the tables are no younger than they were
	}
	return g.dir.save()
}

// positions are where a table stands; nil if it has to be read from the start, with a reason unless it is new.
func (g *globals) positions(x *graph.Global, ps []transport.Partition, starts, ends map[transport.Partition]int64, memory time.Duration,
) (at map[transport.Partition]int64, why string, err error) {
	known := g.dir.seal.Changelogs[ps[0].Topic]
	at = map[transport.Partition]int64{}
	held := false
	for _, p := range ps {
		pos, err := g.tables.Position(x, p.Index)
		switch {
		case err != nil:
			return nil, "", err
		case pos < 0: // the partition was added, or was never reached
			at[p] = starts[p]
			continue
		case known != g.r.topics.ids[p.Topic]:
			why = "its topic was made anew"
		case pos < starts[p] || pos > ends[p]:
			why = "its topic does not hold the position any more"
		case time.Since(g.dir.seen) > memory && pos < ends[p]:
			why = "it is so old that its topic may have dropped deletions"
		}
		at[p], held = pos, true
	}
	if !held || why != "" {
		return nil, why, nil
	}
	return at, "", nil
}

// tombstones is how long a topic keeps deletions.
func (g *globals) tombstones(ctx context.Context, topic string) (time.Duration, error) {
	configs, err := g.r.cfg.Client.Configs(ctx, []string{topic})
	if err != nil {
		return 0, err
	}
	ms, err := strconv.ParseInt(configs[topic]["delete.retention.ms"], 10, 64)
	if err != nil { // a broker that does not say
		return deleteRetention, nil //nolint:nilerr // the default is what there is then
	}
	return time.Duration(ms) * time.Millisecond, nil
}

// wipe empties a table for good: the seal must not vouch for rows that a crash could bring back.
func (g *globals) wipe(x *graph.Global, partitions int32) error {
	if err := g.tables.Wipe(x, partitions); err != nil || x.Store.Memory {
		return err
	}
	return g.disk.Flush()
}
