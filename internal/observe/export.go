package observe

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
)

// tracing says whether spans are made at all.
var tracing atomic.Bool

func resourceOf() *resource.Resource {
	return resource.NewSchemaless(attribute.String("service.name", "candor"))
}

// Traces sends spans to a collector that speaks OTLP over HTTP with JSON, such as
// https://collector.example:4318/v1/traces. share of the traces are kept, from 0
// to 1. What stop gets is the patience for the last of them. The project's own
// exporter would bring gRPC along for these few lines.
func Traces(send Send, url string, share float64) (stop func(context.Context) error) {
	return traces(&exporter{send, url}, share)
}

// Send sends a request out; the one who dials is elsewhere.
type Send func(*http.Request) (*http.Response, error)

type exporter struct {
	send Send
	url  string
}

// The message ExportTraceServiceRequest of OTLP 1.x, as its JSON mapping writes
// it: ids in hexadecimal, 64-bit numbers as texts.
type (
	otlp struct {
		ResourceSpans []otlpResource `json:"resourceSpans"`
	}
	otlpResource struct {
		Resource   otlpAttributes `json:"resource"`
		ScopeSpans []otlpScope    `json:"scopeSpans"`
	}
	otlpAttributes struct {
		Attributes []otlpAttribute `json:"attributes"`
	}
	otlpScope struct {
		Scope struct {
			Name string `json:"name"`
		} `json:"scope"`
		Spans []otlpSpan `json:"spans"`
	}
	otlpSpan struct {
		TraceID      string          `json:"traceId"`
		SpanID       string          `json:"spanId"`
		ParentSpanID string          `json:"parentSpanId,omitempty"`
		Name         string          `json:"name"`
		Kind         int             `json:"kind"`
		Start        string          `json:"startTimeUnixNano"`
		End          string          `json:"endTimeUnixNano"`
		Attributes   []otlpAttribute `json:"attributes"`
		Status       *otlpStatus     `json:"status,omitempty"`
	}
	otlpStatus struct {
		Message string `json:"message,omitempty"`
		Code    int    `json:"code"`
	}
	otlpAttribute struct {
		Key   string            `json:"key"`
		Value map[string]string `json:"value"`
	}
)

const otlpError = 2 // STATUS_CODE_ERROR

// ExportSpans implements the SDK's exporter.
func (e *exporter) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	body, err := json.Marshal(otlpOf(spans))
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	res, err := e.send(r)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("the collector of traces answered %d", res.StatusCode)
	}
	return nil
}

// Shutdown implements the SDK's exporter.
func (e *exporter) Shutdown(context.Context) error { return nil }

func otlpOf(spans []sdk.ReadOnlySpan) otlp {
	scope := otlpScope{}
	scope.Scope.Name = "candor"
	for _, s := range spans {
		out := otlpSpan{
			TraceID: s.SpanContext().TraceID().String(), SpanID: s.SpanContext().SpanID().String(), Name: s.Name(), Kind: int(s.SpanKind()),
			Start: strconv.FormatInt(s.StartTime().UnixNano(), 10), End: strconv.FormatInt(s.EndTime().UnixNano(), 10), Attributes: otlpList(s.Attributes()),
		}
		if s.Parent().IsValid() {
			out.ParentSpanID = s.Parent().SpanID().String()
		}
		if s.Status().Code == codes.Error {
			out.Status = &otlpStatus{s.Status().Description, otlpError}
		}
		scope.Spans = append(scope.Spans, out)
	}
	return otlp{[]otlpResource{{otlpAttributes{otlpList(resourceOf().Attributes())}, []otlpScope{scope}}}}
}

func otlpList(list []attribute.KeyValue) []otlpAttribute {
	out := make([]otlpAttribute, 0, len(list))
	for _, a := range list {
		kind := "stringValue"
		if a.Value.Type() == attribute.INT64 {
			kind = "intValue"
		}
		out = append(out, otlpAttribute{string(a.Key), map[string]string{kind: a.Value.String()}})
	}
	return out
}
