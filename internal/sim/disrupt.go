package sim

import (
	"fmt"
	"time"
)

// disruption is something that happens to an instance, or to the brokers.
type disruption string

const (
	crash    disruption = "crash"     // SIGKILL
	diskLost disruption = "disk lost" // a crash that leaves nothing
	stop     disruption = "stop"      // SIGTERM
	pause    disruption = "pause"     // SIGSTOP, and SIGCONT later
	outage   disruption = "outage"    // no broker answers
)

var disruptions = []disruption{crash, diskLost, stop, pause, outage}

// disrupt lets something happen, every now and then, as long as the climate is rough.
func (w *World) disrupt() {
	s := w.sched
	if len(w.climate.kinds) == 0 {
		return
	}
	i := w.instances[s.rnd.IntN(len(w.instances))]
	kind := w.climate.kinds[s.rnd.IntN(len(w.climate.kinds))]
	s.trace.add(fmt.Sprintf("%s %s", i.id, kind))
	switch up := i.process != nil; {
	case kind == outage:
		w.cluster.outage(s.some(3 * time.Second))
	case !up:
	case kind == crash, kind == diskLost:
		i.crash()
		if kind == diskLost {
			i.disk.images = map[string]*image{}
		}
		i.restartSoon()
	case kind == stop:
		i.stop()
	case kind == pause:
		i.process.paused = time.Now().Add(s.some(2 * w.climate.session))
	}
	s.after(s.some(w.climate.disrupt), "disrupt", nil, w.disrupt)
}
