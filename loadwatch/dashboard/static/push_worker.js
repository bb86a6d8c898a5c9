// Shows what comes by web push, and opens its page on a tap. It sees no page and keeps nothing.
self.addEventListener("push", (event) => {
  const told = event.data ? event.data.json() : {};
  event.waitUntil(
    self.registration.showNotification(told.title || "loadwatch", {
      body: told.body,
      icon: "favicon.svg",
      data: told.url,
      tag: told.url,
      renotify: Boolean(told.url),
      requireInteraction: Boolean(told.urgent),
    }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  if (event.notification.data) event.waitUntil(self.clients.openWindow(event.notification.data));
});
