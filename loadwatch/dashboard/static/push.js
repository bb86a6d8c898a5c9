// Lets this browser take web pushes. The browser's permission is asked for on the button alone; without this the page says what is missing.
(() => {
  const form = document.getElementById("browser");
  const show = (name) => {
    for (const part of form.querySelectorAll("[data-when]")) part.hidden = part.dataset.when !== name;
  };
  if (!("serviceWorker" in navigator) || !("PushManager" in window) || !window.isSecureContext) {
    if (/iPhone|iPad/.test(navigator.userAgent)) show("phone");
    return;
  }
  const key = Uint8Array.from(atob(form.dataset.key.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const sameKey = (one) => one && new Uint8Array(one).join() === key.join();

  async function subscription() {
    await navigator.serviceWorker.register(form.dataset.worker);
    const scope = new URL("./", new URL(form.dataset.worker, location.href)).href;
    const registration = await navigator.serviceWorker.getRegistration(scope);
    const known = await registration.pushManager.getSubscription();
    if (known && !sameKey(known.options.applicationServerKey)) await known.unsubscribe();
    return registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      if ((await Notification.requestPermission()) !== "granted") return show("denied");
      form.elements.subscription.value = JSON.stringify(await subscription());
      form.submit();
    } catch {
      show("failed");
    } finally {
      button.disabled = false;
    }
  });
  show("ready");
})();
