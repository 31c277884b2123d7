package millrace

import "github.com/millrace-go/millrace/internal/runtime"

// State is what an application is doing.
type State = runtime.State

// The states, in the order of a life without trouble. Between StateRestoring and StateRunning it goes back and forth as
// the group gives and takes tasks.
const (
	StateCreated   = runtime.Created
	StateStarting  = runtime.Starting  // connecting; topics are created and checked, the group is joined
	StateRestoring = runtime.Restoring // tasks are being opened; those that are ready run already
	StateRunning   = runtime.Running   // all tasks of this instance run
	StateStopping  = runtime.Stopping  // the last commit
	StateStopped   = runtime.Stopped
	StateFailed    = runtime.Failed // Run has returned an error
)

// RestoreProgress is what [Config.OnRestore] is told. (Kafka Streams: StateRestoreListener, with KIP-869.)
type RestoreProgress = runtime.RestoreProgress

// RestorePhase says what has happened to a restore.
type RestorePhase = runtime.RestorePhase

// The phases of a restore. One that starts is told to be done or suspended in the end.
const (
	RestoreStarted   = runtime.RestoreStarted
	RestoreRunning   = runtime.RestoreRunning
	RestoreDone      = runtime.RestoreDone
	RestoreSuspended = runtime.RestoreSuspended // it ended early: the task moved, the App stops or fails, or no broker answers
)

// Health is the answer to a probe. Live is false once the application has failed or a worker hangs: restart it. Ready is
// true while all tasks of the instance run.
type Health struct {
	Live, Ready bool
	State       State
	Err         error // why it is not live
	Tasks       []string
	// Standbys are the tasks of which the instance keeps a copy, each with the changelog records that it is behind, about. One
	// that has just been opened is not in it yet.
	Standbys map[string]int64
}
