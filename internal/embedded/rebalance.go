package embedded

import (
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// longestRebalance is how long a group waits for members to join again. Clients ask for their longest time between two polls,
// 30 s and more, which Kafka spends on members that are alive only: one whose session is over is not waited for. kfake goes on
// waiting for a member that died while it was joining: two workers killed one after the other stood a group still for
// more than a minute, against 6 s on Kafka.
const longestRebalance = 8 * time.Second

// shortenRebalances lowers what members ask for, and leaves the rest to kfake.
func shortenRebalances(cluster *kfake.Cluster) {
	cluster.ControlKey(int16(kmsg.JoinGroup), func(req kmsg.Request) (kmsg.Response, error, bool) {
		if join, ok := req.(*kmsg.JoinGroupRequest); ok {
			join.RebalanceTimeoutMillis = min(join.RebalanceTimeoutMillis, int32(longestRebalance.Milliseconds()))
		}
		return nil, nil, false
	})
}
