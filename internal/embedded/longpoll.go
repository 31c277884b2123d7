package embedded

import (
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// longestPoll is how long a fetch that finds nothing is held. librdkafka asks for half a second (fetch.wait.max.ms), and
// a broker answers the requests of a connection in order: a consumer that is assigned one partition more, or asks where a
// partition ends, waits for the fetch that is under way. Kafka does the same. But tests and demos assign all the time, and
// a fetch costs nothing here: with 500 ms an assignment took 1.5 s, with 20 ms it took 0.4 s.
const longestPoll = 20 * time.Millisecond

// shortenPolls lowers what fetches ask for, and leaves the rest to kfake.
func shortenPolls(cluster *kfake.Cluster) {
	cluster.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		if fetch, ok := req.(*kmsg.FetchRequest); ok {
			fetch.MaxWaitMillis = min(fetch.MaxWaitMillis, int32(longestPoll.Milliseconds()))
		}
		return nil, nil, false
	})
}
