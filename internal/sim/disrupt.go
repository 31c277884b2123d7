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
	deaf     disruption = "deaf"      // the group's coordinator cannot be reached, all else can
	blind    disruption = "blind"     // the members topic cannot be read, all else can
	twin     disruption = "twin"      // another process starts with the same instance id
	grow     disruption = "grow"      // one more instance
	shrink   disruption = "shrink"    // one less
	outage   disruption = "outage"    // no broker answers
)

var disruptions = []disruption{crash, diskLost, stop, pause, deaf, blind, twin, grow, shrink, outage}

// most is how many instances there ever are: each costs time.
const most = 5

// disrupt lets something happen, every now and then, as long as the climate is rough.
func (w *World) disrupt() {
	s := w.sched
	if len(w.climate.kinds) == 0 {
		return
	}
	i := w.instances[s.rnd.IntN(len(w.instances))]
	kind := w.climate.kinds[s.rnd.IntN(len(w.climate.kinds))]
	s.trace.add(fmt.Sprintf("%s %s", i.name, kind))
	switch up := i.process != nil; {
	case kind == outage:
		w.cluster.outage(s.some(3 * time.Second))
	case kind == grow && len(w.instances) < most:
		w.newInstance(fmt.Sprint("i", len(w.instances))).start()
		// Who has to let go of something for it is slow to hear of that.
		s.after(time.Duration(s.rnd.Int64N(int64(w.climate.session))), "pause "+i.name, nil, func() { i.pause(w.climate.session / 2) })
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
		i.hang()
	case kind == deaf:
		i.process.deaf = time.Now().Add(s.some(3 * w.climate.session))
	case kind == blind:
		i.process.blind = time.Now().Add(s.some(3 * w.climate.session))
	case kind == twin && len(w.instances) < most:
		i.retired = true // one of the two is fenced; this one does not come back
		w.newInstance(i.id).start()
	case kind == shrink && w.staying() > 1:
		i.retire()
	}
	s.after(s.some(w.climate.disrupt), "disrupt", nil, w.disrupt)
}

// ambush lets a process crash or hang at once.
func (w *World) ambush(p *process) {
	for _, i := range w.instances {
		switch {
		case i.process != p:
		case w.sched.rnd.IntN(2) == 0:
			w.sched.trace.add(p.name + " crashes")
			i.crash()
			i.restartSoon()
		default:
			w.sched.trace.add(p.name + " hangs")
			i.hang()
		}
	}
}

// staying counts the instances that are there or come back.
func (w *World) staying() (n int) {
	for _, i := range w.instances {
		if !i.retired {
			n++
		}
	}
	return n
}
