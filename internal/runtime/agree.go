package runtime

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/millrace-go/millrace/internal/transport"
)

// agree refuses to start where an instance runs whose topology is cut into other tasks: the two would take each other's
// tasks for their own. One that has stopped is in the group until its session ends, so it waits that long.
func (r *Runtime) agree(ctx context.Context) error {
	told := false
	for deadline := time.Now().Add(r.cfg.Session + 2*time.Second); ; {
		other, err := r.stranger(ctx)
		if err != nil || other == nil {
			return err
		}
		if time.Now().After(deadline) {
			return r.disagree(ctx, other)
		}
		if !told {
			r.log.Info("runtime: an instance with another topology is in the group: waiting until it is gone", "instance", other.Instance, "host", other.Host)
			told = true
		}
		if err := sleep(ctx, 500*time.Millisecond); err != nil {
			return err
		}
	}
}

// stranger is a member of the group that has another shape; nil if there is none.
func (r *Runtime) stranger(ctx context.Context) (*transport.MemberInfo, error) {
	members, err := r.cfg.Client.Members(ctx, r.cfg.App)
	if err != nil {
		return nil, err
	}
	mine := shapeOf(r.plan).fingerprint()
	for _, m := range members {
		_, theirs, ok := strings.Cut(strings.TrimPrefix(m.ClientID, r.cfg.App+"/"), "/")
		if ok && m.Instance != r.dir.Instance && theirs != mine {
			return &m, nil
		}
	}
	return nil, nil //nolint:nilnil // no error, and no stranger
}

func (r *Runtime) disagree(ctx context.Context, m *transport.MemberInfo) error {
	other := &registry{topic: tasksTopic(r.cfg.App)}
	if err := other.read(ctx, &r.cfg); err != nil {
		return err
	}
	diff := "it is not recorded how"
	if other.shape != nil {
		diff = shapeOf(r.plan).differs(*other.shape)
	}
	return fmt.Errorf("runtime: instance %s at %s runs application %s with a topology of other sub-topologies or stores: stop all instances "+
		"before one with a changed topology starts, or choose another ApplicationID: %s", m.Instance, m.Host, r.cfg.App, diff)
}
