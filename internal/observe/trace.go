package observe

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"candor/internal/errs"
)

// tracer asks each time: until traces are switched on it makes nothing.
func tracer() trace.Tracer { return otel.Tracer("candor") }

// A Span is a piece of work in a trace. The zero Span is none.
type Span struct{ s trace.Span }

// Begin begins a span. Its name is the program's own, never made from input.
func Begin(ctx context.Context, name string) (context.Context, Span) {
	if !tracing.Load() {
		return ctx, Span{}
	}
	ctx, s := tracer().Start(ctx, name)
	return ctx, Span{s}
}

// BeginRequest begins the span of a request. What a stranger says of a trace of
// theirs is not taken over.
func BeginRequest(r *http.Request) (*http.Request, Span) {
	if !tracing.Load() {
		return r, Span{}
	}
	ctx, s := tracer().Start(r.Context(), "request", trace.WithSpanKind(trace.SpanKindServer), trace.WithNewRoot())
	return r.WithContext(ctx), Span{s}
}

// Answered ends the span of a request with its route, which is a pattern of the
// program's text, and the answer's status.
func (s Span) Answered(method, route string, status int) {
	if s.s == nil {
		return
	}
	if route == "" {
		route = "none"
	}
	s.s.SetName(route)
	s.s.SetAttributes(attribute.String("http.request.method", knownMethod(method)), attribute.String("http.route", route), attribute.Int("http.response.status_code", status))
	if status >= http.StatusInternalServerError {
		s.s.SetStatus(codes.Error, "")
	}
	s.s.End()
}

// knownMethod keeps a method that a stranger invents out of the trace.
func knownMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "_OTHER"
}

// End ends a span. Of an error it keeps the code alone: texts may quote what was
// asked.
func (s Span) End(err error) {
	if s.s == nil {
		return
	}
	if err != nil {
		code := string(errs.CodeOf(err))
		if code == "" {
			code = "internal"
		}
		s.s.SetStatus(codes.Error, code)
	}
	s.s.End()
}

// traces switches tracing on with an exporter and gives what switches it off
// again, after the last spans are handed on.
func traces(e sdk.SpanExporter, share float64) (stop func(context.Context) error) {
	p := sdk.NewTracerProvider(sdk.WithBatcher(e), sdk.WithSampler(sdk.ParentBased(sdk.TraceIDRatioBased(share))), sdk.WithResource(resourceOf()))
	otel.SetTracerProvider(p)
	tracing.Store(true)
	return func(ctx context.Context) error {
		tracing.Store(false)
		return p.Shutdown(ctx)
	}
}
