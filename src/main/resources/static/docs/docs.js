// no validator badge: it would send a request to another host
SwaggerUIBundle({url: "/openapi.yaml", dom_id: "#calls", validatorUrl: null});
