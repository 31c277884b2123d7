package runtime

import "sync"

// State is what an application is doing.
type State int

// The states, in the order of a life without trouble. Restoring and Running alternate as tasks come and go.
const (
	Created State = iota
	Starting
	Restoring
	Running
	Stopping
	Stopped
	Failed
)

func (s State) String() string {
	return [...]string{"created", "starting", "restoring", "running", "stopping", "stopped", "failed"}[s]
}

// stateBox tells a listener of changes, in their order and one at a time.
type stateBox struct {
	mu     sync.Mutex
	state  State
	err    error
	listen func(State)
}

func (b *stateBox) set(s State, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state == s || b.state >= Stopped {
		return
	}
	b.state, b.err = s, err
	if b.listen != nil {
		b.listen(s)
	}
}

func (b *stateBox) get() (State, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state, b.err
}
