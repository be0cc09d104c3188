import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { queryClient } from "./api/queries";
import "./design/base.css";
import { english, setLanguage } from "./i18n/i18n";
import { listenToKeyboard } from "./keyboard/keyboard";
import { router } from "./router";
import { applyPreferences } from "./state/preferences";

applyPreferences();
setLanguage(english);
listenToKeyboard();

const place = document.getElementById("root");
if (place) {
  createRoot(place).render(
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  );
}
