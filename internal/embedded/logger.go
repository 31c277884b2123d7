package embedded

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/twmb/franz-go/pkg/kfake"
)

// slogger hands kfake's warnings and errors to slog. What kfake calls information is a line for every request.
type slogger struct{ to *slog.Logger }

func logger(opts Options) kfake.Logger {
	switch {
	case opts.Quiet:
		return slogger{slog.New(slog.DiscardHandler)}
	case opts.Logger == nil:
		return slogger{slog.Default()}
	default:
		return slogger{opts.Logger}
	}
}

// Logf is called by kfake.
func (l slogger) Logf(level kfake.LogLevel, format string, args ...any) {
	severity := slog.LevelWarn
	switch level {
	case kfake.LogLevelError:
		severity = slog.LevelError
	case kfake.LogLevelWarn:
	default:
		return
	}
	l.to.Log(context.Background(), severity, "embedded broker: "+fmt.Sprintf(format, args...))
}
