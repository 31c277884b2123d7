package embedded

import (
	"fmt"
	"log/slog"
	"strconv"
	"sync"

	"github.com/twmb/franz-go/pkg/kfake"
)

// Options tune a broker. The zero value is an empty one in memory, on a free port.
type Options struct {
	// Topics to create, with their numbers of partitions. A topic that DataDir already holds is left as it is, if its
	// number of partitions is the same. Others have to be created by a client: the broker makes no topic by itself.
	Topics map[string]int32

	// DataDir keeps topics, records, groups and transactional ids, so that they survive a restart. It is made if it is
	// absent, and belongs to one broker at a time. Without it everything is in memory and gone with Close.
	DataDir string

	// Port on 127.0.0.1, for clients that are to find the broker again after a restart. 0 is any free one.
	Port int

	// Logger gets what goes wrong in the broker. Nil is slog.Default.
	Logger *slog.Logger

	// Quiet logs nothing.
	Quiet bool
}

// Broker is one that runs until Close.
type Broker struct {
	cluster   *kfake.Cluster
	bootstrap string
	close     func() error
}

// Start starts a broker. It takes requests when Start returns.
func Start(opts Options) (*Broker, error) {
	if opts.Port < 0 || opts.Port > 65535 {
		return nil, fmt.Errorf("embedded: port %d is not one: use 1 to 65535, or 0 for a free one", opts.Port)
	}
	unlock, err := lock(opts.DataDir)
	if err != nil {
		return nil, err
	}
	cluster, err := kfake.NewCluster(settings(opts)...)
	if err != nil {
		return nil, joinUnlock(fmt.Errorf("embedded: start on port %d with data directory %q: %w", opts.Port, opts.DataDir, err), unlock)
	}
	beStrict(cluster)
	shortenPolls(cluster)
	shortenRebalances(cluster)
	b := &Broker{cluster: cluster, bootstrap: cluster.ListenAddrs()[0]}
	b.close = sync.OnceValue(func() error {
		cluster.Close()
		return unlock()
	})
	if err := b.create(opts.Topics); err != nil {
		_ = b.Close()
		return nil, err
	}
	return b, nil
}

// Bootstrap is the broker's address, host:port, for bootstrap.servers.
func (b *Broker) Bootstrap() string { return b.bootstrap }

// Close stops the broker and, with a data directory, waits until everything is written there. Clients that are still
// connected see their connections end. More calls do nothing and return the same.
func (b *Broker) Close() error { return b.close() }

func settings(opts Options) []kfake.Opt {
	log := logger(opts)
	o := []kfake.Opt{
		kfake.Ports(opts.Port),
		kfake.DefaultNumPartitions(1),
		kfake.WithLogger(log),
		kfake.ListenFn(guarded(log)),
		kfake.BrokerConfigs(map[string]string{
			"default.replication.factor": "1",
			"log.segment.bytes":          strconv.Itoa(segmentBytes),
		}),
	}
	if opts.DataDir != "" {
		o = append(o, kfake.DataDir(opts.DataDir))
	}
	return o
}

// segmentBytes is less than Kafka's 1 GiB and kfake's 100 MiB: deleted records give back their memory by the segment, so
// this much a partition is what a purged repartition topic holds on to.
const segmentBytes = 8 << 20
