package runtime

import "time"

// RestoreProgress is how far a task is with its stores, which it brings up to date from their changelogs before it runs.
type RestoreProgress struct {
	// Task is the task's name, as in [Health], or "global tables".
	Task string
	// Stores are the stores that lag behind their changelogs, by name.
	Stores []string
	Phase  RestorePhase
	// Records is how many changelog records were read, of those that are committed.
	Records int64
	// RecordsPerSecond is their rate since the start.
	RecordsPerSecond float64
	// OffsetsLeft is how far it is to the ends of the changelogs. Compaction and transactions leave gaps, so the records
	// that remain are fewer.
	OffsetsLeft int64
	// ETA is how long the rest takes if it goes on as it went so far; zero as long as that is not known.
	ETA time.Duration
	// Took is the time since the start.
	Took time.Duration
}

// RestorePhase says what has happened to a restore.
type RestorePhase int

// The phases. Every restore that starts is told to be done or suspended in the end.
const (
	RestoreStarted RestorePhase = iota
	RestoreRunning
	RestoreDone
	// RestoreSuspended is an end before the end: the task went to another instance, the application stops or fails, or no
	// broker answers. What was restored is kept, and gone on with if the task comes back.
	RestoreSuspended
)

func (p RestorePhase) String() string {
	return [...]string{"started", "running", "done", "suspended"}[p]
}
